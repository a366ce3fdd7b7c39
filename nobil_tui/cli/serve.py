"""``nobil-tui serve``: the simulation as a server, for programs written for the stream API."""

from __future__ import annotations

import click

from nobil_tui.cli import options
from nobil_tui.cli.exit_codes import Code


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address of this machine to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=8080,
    show_default=True,
    help="The port to listen on; 0 for any that is free.",
)
@options.stations_option
@options.seed_option
@options.speed_option
@options.log_level_option
def serve(
    host: str, port: int, stations: int | None, seed: int | None, speed: float | None, log_level: str | None
) -> None:
    """Serve the simulation with version 1 of the stream API.

    Prints the address to connect to, with its key, and serves until it is stopped (Ctrl-C). Without the key, a
    program that connects is answered with 401, as by a real server.
    """
    from nobil_tui.base.redaction import is_loopback
    from nobil_tui.cli.event_loop import run
    from nobil_tui.hub.errors import HubError
    from nobil_tui.hub.serve import serve as serving

    pace = options.simulated_speed(speed)
    options.start_log(log_level)
    if not is_loopback(host):
        options.say("Other machines may connect too, and what they are sent, key included, is not encrypted.")

    def announce(url: str) -> None:
        click.echo(url)
        options.say("Serving the simulation; Ctrl-C stops it.")

    try:
        run(serving(host, port, stations or options.STATIONS, seed or options.SEED, pace, announce))
    except HubError as error:
        options.fail(Code.FAILED, f"Cannot serve: {error}.")
