"""``nobil-tui serve``: serve the simulation with the stream API."""

from __future__ import annotations

import click

from nobil_tui.base.redaction import is_loopback
from nobil_tui.cli.commands import CommandWithExitCodes
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail, print_message
from nobil_tui.cli.options import log_level_option, seed_option, speed_option, stations_option
from nobil_tui.cli.output import print_text
from nobil_tui.cli.startup import simulation_speed, start_log
from nobil_tui.feeds.simulation.limits import DEFAULT_SEED, DEFAULT_STATIONS


@click.command(
    cls=CommandWithExitCodes,
    exit_codes=(ExitCode.SUCCESS, ExitCode.FAILURE, ExitCode.USAGE, ExitCode.INTERRUPTED),
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address of this machine to listen on."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=8080,
    show_default=True,
    help="Port to listen on; 0 for any free port.",
)
@stations_option
@seed_option
@speed_option
@log_level_option
def serve(
    host: str,
    port: int,
    stations: int | None,
    seed: int | None,
    speed: float | None,
    log_level: str | None,
) -> None:
    """Serve the simulation with version 1 of the stream API, until interrupted.

    Prints the address to connect to, including its key. A client without the key gets a 401, as
    from a real server.
    """
    from nobil_tui.cli.event_loop import run_coroutine
    from nobil_tui.hub.errors import HubError
    from nobil_tui.hub.serve import serve_simulation

    pace = simulation_speed(speed)
    start_log(log_level)
    if not is_loopback(host):
        print_message(
            "Other machines can connect too, and the traffic, including the key, is not encrypted."
        )

    def announce(url: str) -> None:
        print_text(url)
        print_message("Serving the simulation. Press Ctrl-C to stop.")

    size = DEFAULT_STATIONS if stations is None else stations
    try:
        run_coroutine(
            serve_simulation(
                host, port, size, DEFAULT_SEED if seed is None else seed, pace, announce
            )
        )
    except HubError as error:
        fail(ExitCode.FAILURE, f"Cannot serve: {error}.")
