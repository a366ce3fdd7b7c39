"""``nobil-tui relay``: publish a source into NATS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from nobil_tui.cli.click_classes import CommandWithExitCodes
from nobil_tui.cli.exit_codes import SOURCE_EXIT_CODES
from nobil_tui.cli.options import log_format_option, publish_option
from nobil_tui.cli.publishing import relayed
from nobil_tui.cli.service_log import service_log
from nobil_tui.cli.source_command import run_session, source_options, start_reading

if TYPE_CHECKING:
    from nobil_tui.hub.event_log import HubLog
    from nobil_tui.session.session import Session

_HELP = """
Publish a source into NATS, until interrupted.

Any number of hubs and apps then read it with --source nats://..., and share one link to the source.
JetStream keeps the last state of each station, so that a reader starts with all of them.

Start it on two machines, so that one of them may fail: one reads the source, the other waits and
takes over within 10 seconds. "nobil-tui serve --publish" does the same, and serves the source too.
Without NATS the source is not read, since another relay may lead. A relay records no history:
hubs and other commands that read it do.

It needs the extra nobil-tui[nats] and a NATS server with JetStream. The login comes from the file
NOBIL_NATS_CREDS, from NOBIL_NATS_TOKEN, or from NOBIL_NATS_USER and NOBIL_NATS_PASSWORD.
"""


@click.command(
    cls=CommandWithExitCodes,
    exit_codes=SOURCE_EXIT_CODES,
    help=_HELP,
)
@publish_option(required=True)
@log_format_option
@source_options
def relay(publish: str, log_format: str, **common: Any) -> None:
    """Publish a source into NATS, until interrupted."""
    with service_log(log_format) as events:
        _relay(publish, events, common)


def _relay(address: str, events: HubLog, common: dict[str, Any]) -> None:
    """Open the source and publish it; end the program with a message if that fails."""
    from nobil_tui.headless.relay import RelayService
    from nobil_tui.hub.service_manager import ServiceManager

    startup, source = relayed(start_reading(common), address)

    async def work(session: Session) -> None:
        await RelayService(session, source, events, ServiceManager(os.environ)).run()

    run_session(startup, work)
