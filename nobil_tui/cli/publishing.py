"""``--publish`` of ``serve`` and ``relay``: publish the source into NATS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail, print_message
from nobil_tui.cli.startup import Startup, refuse_login

if TYPE_CHECKING:
    from nobil_tui.headless.relay import RelayedSource


def relayed(startup: Startup, address: str) -> tuple[Startup, RelayedSource]:
    """Have the source of ``startup`` published at ``address``.

    Ends the program if the address is invalid or shows a login, or if NATS is the source too.
    """
    from msgspec.structs import replace

    from nobil_tui.feeds.nats.server import parse_server, unencrypted_login
    from nobil_tui.feeds.source import SourceError
    from nobil_tui.headless.relay import RelayedSource
    from nobil_tui.sources.nats import NatsSource

    refuse_login("--publish", address)
    try:
        server = parse_server(address, os.environ)
    except SourceError as error:
        fail(ExitCode.USAGE, str(error))
    if isinstance(startup.chosen.source, NatsSource):
        fail(ExitCode.USAGE, "--publish needs another source than NATS: it would publish its own.")
    if warning := unencrypted_login(server):
        print_message(warning)
    source = RelayedSource(startup.chosen.source, server, startup.redactor.learn)
    return startup._replace(chosen=replace(startup.chosen, source=source)), source
