"""``nobil-tui relay``: publish a source into NATS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from nobil_tui.cli.click_classes import CommandWithExitCodes
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import CommandError, messages_to, write_stderr
from nobil_tui.cli.options import log_format_option, publish_option
from nobil_tui.cli.publishing import relayed
from nobil_tui.cli.source_command import run_session, source_options, start_reading

if TYPE_CHECKING:
    from nobil_tui.hub.event_log import HubLog
    from nobil_tui.session.session import Session

_HELP = """
Publish a source into NATS, until interrupted.

Any number of hubs and apps then read it with --source nats://..., with one link to the source in
all. JetStream keeps the last state of each station, so that a reader starts with all of them.

Start it on two machines to go on when one of them fails: one reads the source, the other waits and
takes over within 10 seconds. "nobil-tui serve --publish" does the same, and serves the source too.
Without NATS the source is not read, since another relay may lead. A relay records no history:
hubs and other commands that read it do.

It needs the extra nobil-tui[nats] and a NATS server with JetStream. The login comes from the file
NOBIL_NATS_CREDS, from NOBIL_NATS_TOKEN, or from NOBIL_NATS_USER and NOBIL_NATS_PASSWORD.
"""


@click.command(
    cls=CommandWithExitCodes,
    exit_codes=tuple(code for code in ExitCode if code is not ExitCode.TIMED_OUT),
    help=_HELP,
)
@publish_option(required=True)
@log_format_option
@source_options
def relay(publish: str, log_format: str, **common: Any) -> None:
    """Publish a source into NATS, until interrupted."""
    from nobil_tui.cli.serve import redacted_line
    from nobil_tui.hub.event_log import HubLog, LogFormat

    events = HubLog(lambda line: write_stderr(line + "\n"), LogFormat(log_format), redacted_line)
    if log_format == LogFormat.TEXT:
        _relay(publish, events, common)
        return
    try:
        with messages_to(lambda text: events.emit("message", level="warning", message=text)):
            _relay(publish, events, common)
    except CommandError as error:
        events.emit("failed", level="error", message=error.message)
        raise Exit(error.exit_code) from None


def _relay(address: str, events: HubLog, common: dict[str, Any]) -> None:
    """Open the source and publish it; end the program with a message if that fails."""
    from nobil_tui.headless.relay import RelayService
    from nobil_tui.hub.service_manager import ServiceManager

    startup, source = relayed(start_reading(common), address)

    async def work(session: Session) -> None:
        await RelayService(session, source, events, ServiceManager(os.environ)).run()

    run_session(startup, work)
