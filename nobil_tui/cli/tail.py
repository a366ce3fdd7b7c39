"""``nobil-tui tail``: print changes as JSON Lines."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import click

from nobil_tui.base.text import one_of
from nobil_tui.charging.conditions import Condition
from nobil_tui.cli.click_classes import CommandWithExitCodes
from nobil_tui.cli.exit_codes import SOURCE_EXIT_CODES
from nobil_tui.cli.messages import print_message
from nobil_tui.cli.output import stdout_descriptor
from nobil_tui.cli.source_command import (
    filter_option,
    no_history_option,
    parse_filter,
    run_session,
    settings_of,
    source_options,
    start_reading,
)
from nobil_tui.cli.value_completers import complete_station

if TYPE_CHECKING:
    from nobil_tui.session.session import Session


_BEFORE = textwrap.fill(
    f"{one_of(each.label for each in Condition)}; null at first sight",
    56,
    subsequent_indent=" " * 11,
)
_HELP = f"""
Print changes as they happen, as JSON Lines.

Prints the changes of all stations, or only of the given station ids and, with --watched, the
starred ones. With --filter, only those of stations and connectors that match when the change
arrives. Data goes to standard output, messages about the link go to stderr. Runs until interrupted,
until the output is closed, or until a recording ends. Meanwhile, the history is recorded as the
config says, unless another instance does.

Each line has these fields:

\b
time       when the change was received: 2026-03-23T12:00:00.107Z
station    the station's id: NOR_01333
name       the station's name; null if unknown
connector  the connector's number, from 1
before     {_BEFORE}
after      the same; null if the connector was removed
word       the stream's own word for it; null if it has none
missed     true if it happened while disconnected
credit     the attribution to show next to the name; null if
           the name is unknown or simulated

A stream that starts with a snapshot has no first sights. NOBIL Real-time sends no snapshot: the
first report of a connector is compared with the last known state; before is null if there is none.
"""


@click.command(cls=CommandWithExitCodes, exit_codes=SOURCE_EXIT_CODES, help=_HELP)
@click.argument("wanted", nargs=-1, metavar="[STATION]...", shell_complete=complete_station)
@filter_option
@click.option(
    "--watched",
    is_flag=True,
    help="Include the starred stations; in a simulation, those starred there.",
)
@no_history_option
@source_options
def tail(
    wanted: tuple[str, ...],
    filter_text: str | None,
    watched: bool,
    no_history: bool,
    **common: Any,
) -> None:
    """Print changes as they happen, as JSON Lines."""
    from nobil_tui.headless.station_choice import StationChoice
    from nobil_tui.headless.stdout import StdoutWriter
    from nobil_tui.headless.tail import Tail

    descriptor = stdout_descriptor()
    startup = start_reading(common)
    settings = settings_of(startup)
    query = parse_filter(filter_text or "", settings)

    async def work(session: Session) -> None:
        choice = StationChoice(
            session, wanted, query.text, print_message, settings, watched=watched
        )
        used = choice if wanted or watched or query else None
        await Tail(session, StdoutWriter(descriptor), print_message, choice=used).run()

    run_session(startup, work, lossless=True, settings=settings, record=not no_history)
