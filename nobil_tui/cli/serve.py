"""``nobil-tui serve``: serve a source with the stream API."""

from __future__ import annotations

import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nobil_tui.cli.click_classes import CommandWithExitCodes
from nobil_tui.cli.exit_codes import SOURCE_EXIT_CODES, ExitCode
from nobil_tui.cli.listening import (
    KEY_VARIABLE,
    accepted_keys,
    certificates_of,
    listening_host,
)
from nobil_tui.cli.messages import fail, print_message
from nobil_tui.cli.options import FilePath, Number, keys_option, log_format_option, publish_option
from nobil_tui.cli.output import print_text
from nobil_tui.cli.publishing import relayed
from nobil_tui.cli.service_log import service_log
from nobil_tui.cli.source_command import (
    no_history_option,
    run_session,
    settings_of,
    source_options,
    start_reading,
)

if TYPE_CHECKING:
    from nobil_tui.config.hub import HubSection
    from nobil_tui.hub.event_log import HubLog
    from nobil_tui.hub.server import Hub
    from nobil_tui.session.session import Session
    from nobil_tui.session.settings import Settings

_HELP = f"""
Serve a source with version 1 of the stream API, until interrupted.

Any number of programs then share one link to the source, and none of them needs its key: programs
for version 1 of the NOBIL stream API, and nobil-tui itself with --source ws://... One port serves
the WebSocket, the REST API, /healthz, /metrics and /stations.geojson.

A client needs a key of this hub. Add them with "nobil-tui keys add NAME"; the hub reads the file
again when it changes. A hub that only this machine can reach also has a key of its own, which stays
the same; while there are no others, it prints the address with it. The variable {KEY_VARIABLE} sets
one fixed key instead, which is not printed.

Addresses go to standard output and events to stderr, one per line.
"""


@click.command(
    cls=CommandWithExitCodes,
    exit_codes=SOURCE_EXIT_CODES,
    help=_HELP,
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address of this machine to listen on; 0.0.0.0 for all of IPv4, :: for IPv6 as well.",
)
@click.option(
    "--port",
    type=Number(0, 65535),
    metavar="N",
    default=8080,
    show_default=True,
    help="Port to listen on; 0 for any free port.",
)
@keys_option
@click.option(
    "--tls-cert",
    type=FilePath(),
    metavar="FILE",
    help="Certificate chain (PEM), to encrypt the traffic.",
)
@click.option(
    "--tls-key",
    type=FilePath(),
    metavar="FILE",
    help="Private key of the certificate (PEM), if it is in another file.",
)
@publish_option(required=False)
@log_format_option
@no_history_option
@source_options
def serve(
    host: str,
    port: int,
    keys: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    publish: str | None,
    log_format: str,
    no_history: bool,
    **common: Any,
) -> None:
    """Serve a source with version 1 of the stream API, until interrupted."""
    with service_log(log_format) as events:
        if tls_key is not None and tls_cert is None:
            raise click.UsageError("--tls-key needs --tls-cert.")
        certificate = (tls_cert, tls_key)
        _serve(host, port, keys, certificate, publish, events, common, record=not no_history)


def _serve(
    host: str,
    port: int,
    keys: Path | None,
    certificate: tuple[Path | None, Path | None],
    publish: str | None,
    events: HubLog,
    common: dict[str, Any],
    *,
    record: bool,
) -> None:
    """Open the source and serve it; end the program with a message if that fails."""
    from nobil_tui.headless.serve import HubService, about_source
    from nobil_tui.hub.errors import HubError
    from nobil_tui.hub.server import Hub
    from nobil_tui.hub.service_manager import ServiceManager

    startup, source = start_reading(common), None
    if publish is not None:
        startup, source = relayed(startup, publish)
    place = listening_host(host)
    accepted = accepted_keys(keys, place)
    certificates = certificates_of(*certificate)
    if certificates is None and not place.is_loopback:
        print_message("The traffic, including the keys, is not encrypted without --tls-cert.")
    settings = settings_of(startup)

    async def work(session: Session) -> None:
        limits = settings.config.hub
        hub = Hub(
            session.board,
            keys=accepted,
            host=place.name,
            port=port,
            limits=limits,
            connections=_possible_connections(limits),
            tls=certificates.context if certificates is not None else None,
            about=about_source(session),
            clock=session.clock,
            events=events,
        )

        def maintain() -> None:
            if certificates is not None:
                certificates.reload()
            _follow_limits(hub, settings, events)

        service = HubService(session, hub, events, ServiceManager(os.environ), maintain)
        async with AsyncExitStack() as stack:
            if source is not None:
                from nobil_tui.headless.relay import publishing

                await stack.enter_async_context(publishing(session, source, events))
            await service.run(_announce)

    try:
        run_session(startup, work, settings=settings, record=record, service=True)
    except HubError as error:
        fail(ExitCode.FAILURE, f"Cannot serve: {error}.")


def _possible_connections(limits: HubSection) -> int:
    """Return how many connections the system allows; say so if these are fewer than wanted."""
    from nobil_tui.hub.file_limit import raise_file_limit

    possible = raise_file_limit(limits.connections)
    if possible < limits.connections:
        print_message(
            f"The system allows this program {possible:,} connections, not the "
            f"{limits.connections:,} of the config. Raise the limit of open files (ulimit -n)."
        )
    return possible


def _follow_limits(hub: Hub, settings: Settings, events: HubLog) -> None:
    limits = settings.config.hub
    if limits != hub.limits:
        hub.use_limits(limits, _possible_connections(limits))
        events.emit("limits changed", connections=limits.connections)


def _announce(url: str) -> None:
    """Print the address, unless there is no standard output: a service needs none."""
    if sys.stdout is not None:
        print_text(url)
