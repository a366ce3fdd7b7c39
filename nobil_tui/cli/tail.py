"""``nobil-tui tail``: print changes as JSON Lines."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nobil_tui.cli.commands import CommandWithExitCodes
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail, print_message
from nobil_tui.cli.options import (
    config_option,
    log_level_option,
    seed_option,
    source_option,
    speed_option,
    stations_option,
)
from nobil_tui.cli.startup import CommonOptions, open_session, print_warnings, start_up

if TYPE_CHECKING:
    from nobil_tui.config.model import Config
    from nobil_tui.feeds.source import Source


@click.command(cls=CommandWithExitCodes, exit_codes=ExitCode)
@click.argument("wanted", nargs=-1, metavar="[STATION]...")
@source_option
@config_option
@click.option("--watched", is_flag=True, help="Include the stations starred in the config.")
@stations_option
@seed_option
@speed_option
@log_level_option
def tail(
    wanted: tuple[str, ...],
    source: str | None,
    config: Path | None,
    watched: bool,
    stations: int | None,
    seed: int | None,
    speed: float | None,
    log_level: str | None,
) -> None:
    """Print changes as they happen, as JSON Lines.

    Prints the changes of all stations, or only of the given station ids and, with --watched, the starred ones. Data
    goes to standard output, messages about the link go to stderr. Runs until interrupted, until the output is closed,
    or until a recording ends.

    \b
    time       when the change was received: 2026-03-23T12:00:00.107Z
    station    the station's id: NOR_01333
    name       the station's name; null if unknown
    connector  the connector's number, from 1
    before     free, occupied, blocked, reserved, fault, unknown
               or not in service; null at first sight
    after      the same; null if the connector was removed
    word       the stream's own word for it; null if it has none
    missed     true if it happened while disconnected
    credit     the attribution to show next to the name; null if
               the name is unknown or simulated

    A stream that starts with a snapshot has no first sights. NOBIL Real-time sends none: the first report of a
    connector is compared with the last known state; before is null if there is none.
    """
    if sys.stdout is None:
        fail(ExitCode.FAILURE, "There is no standard output to print to.")
    descriptor = sys.stdout.fileno()
    startup = start_up(CommonOptions(source, config, stations, seed, speed, log_level))
    print_warnings(startup.warnings)
    _run(startup.chosen.source, descriptor, _wanted_stations(wanted, watched, startup.config))


def _run(source: Source, descriptor: int, stations: frozenset[str] | None) -> None:
    """Print the changes of ``stations``, None for all, to a file descriptor."""
    from nobil_tui.base import paths
    from nobil_tui.charging.register import CREDIT, Register
    from nobil_tui.cli.event_loop import run_coroutine
    from nobil_tui.headless.link_reporter import KeyRefusedError
    from nobil_tui.headless.station_data import updating_station_data
    from nobil_tui.headless.stdout import StdoutWriter
    from nobil_tui.headless.tail import Tail
    from nobil_tui.session.options import SessionOptions
    from nobil_tui.session.register_updater import RegisterUpdater
    from nobil_tui.session.session import Session

    register_path = paths.register_file()
    options = SessionOptions(state_dir=paths.state_dir(), register_path=register_path, environ=os.environ)
    user_register = Register(credit=CREDIT)
    session = Session(source, options, user_register, lossless=True)

    async def run() -> None:
        if session.uses_user_register:
            updater = RegisterUpdater(register_path, user_register, options)
            if problem := await updater.read():
                print_message(problem)
            tail = Tail(session, StdoutWriter(descriptor), print_message, stations=stations)
            async with updating_station_data(session, updater, print_message):
                await tail.run()
            return
        await Tail(session, StdoutWriter(descriptor), print_message, stations=stations).run()

    with closing(session):
        open_session(session)
        try:
            run_coroutine(run())
        except KeyRefusedError as error:
            fail(ExitCode.KEY_REFUSED, str(error))
        except OSError as error:
            fail(ExitCode.FAILURE, f"Cannot write to standard output: {error.strerror or 'unknown error'}.")


def _wanted_stations(wanted: tuple[str, ...], watched: bool, config: Config) -> frozenset[str] | None:
    """Return the stations to print; None for all."""
    if not watched:
        return frozenset(wanted) or None
    if not config.watched.stations and not wanted:
        fail(ExitCode.USAGE, "No station is starred. Star one in the app, or give station ids.")
    return frozenset([*wanted, *config.watched.stations])
