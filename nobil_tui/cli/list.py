"""``nobil-tui list``: print the stations that match a filter."""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import TYPE_CHECKING, Any

import click

from nobil_tui.base.text import one_of
from nobil_tui.charging.conditions import Condition
from nobil_tui.cli.click_classes import CommandWithExitCodes
from nobil_tui.cli.exit_codes import SOURCE_EXIT_CODES
from nobil_tui.cli.messages import print_message
from nobil_tui.cli.options import Number
from nobil_tui.cli.output import encoded, stdout_descriptor
from nobil_tui.cli.source_command import (
    check_filter,
    parse_filter,
    run_session,
    settings_of,
    source_options,
    start_reading,
)
from nobil_tui.cli.value_completers import complete_filter

if TYPE_CHECKING:
    from nobil_tui.session.session import Session

_CONDITIONS = textwrap.fill(
    one_of(each.label for each in Condition), 58, subsequent_indent=" " * 15
)
_COUNTS_HELP = f"""
\b
time           when the state was read: 2026-03-23T12:00:00.107Z
station        the station's id: NOR_01333
name, place    null if unknown
condition      {_CONDITIONS}
free, total    the connectors that are free, and all in service
in_use, faults, unknown
               the connectors occupied, with a fault, and unknown
distance_km    {{distance}}
price          the cheapest one of the station; null if unknown
certainty      confirmed, slightly stale, stale or expired;
               null without a report
unconfirmed_s  for how many seconds it could have changed unseen
credit         the attribution to show next to the name, the
               plugs and the price
""".strip()


def counts_help(distance: str) -> str:
    """Return the fields of a station, with words for its distance, for the help of a command."""
    return _COUNTS_HELP.format(distance=distance)


PRICE_HELP = """
\b
currency       three letters: EUR
kwh, minute, start, parking_minute
               for a kWh, a minute of charging, a session, and a
               minute of parking after it; null if not charged or
               unknown
at_least       true if it can be higher, such as by day
before_tax     true if tax at an unknown rate is added
""".strip()
"""The fields of a price."""
_DISTANCE = "from the position of FILTER, else from home;\n               null without either"
_HELP = f"""
Print the stations that match FILTER and how many connectors are free.

FILTER is in the language of the app's filter. The state is that of the live stream if it begins
with a snapshot, else the last known state; a message on stderr says which. A recording is played to
its end. Stations are sorted by name, or by distance if FILTER has a position.

In a terminal, prints a table of the columns in which any station has something, and truncates names
and places to its width; otherwise all cells between tabs, and the credit.
The counts are those of the connectors that FILTER selects. JSON and CSV have these fields:

{counts_help(_DISTANCE)}

Fields of a price; in CSV, each is a column such as price_kwh:

{PRICE_HELP}
"""


@click.command("list", cls=CommandWithExitCodes, exit_codes=SOURCE_EXIT_CODES, help=_HELP)
@click.argument("words", nargs=-1, metavar="[FILTER]...", shell_complete=complete_filter)
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--limit", type=Number(min=1), metavar="N", help="Print at most N stations.")
@source_options
def list_command(
    words: tuple[str, ...], as_json: bool, as_csv: bool, limit: int | None, **common: Any
) -> None:
    """Print the stations that match a filter."""
    from nobil_tui.headless import listing
    from nobil_tui.headless.one_shot import read_once
    from nobil_tui.headless.stdout import StdoutWriter
    from nobil_tui.search.list_options import ListOptions
    from nobil_tui.search.sorting import Sort
    from nobil_tui.search.station_list import StationList

    if as_json and as_csv:
        raise click.UsageError("Use either --json or --csv.")
    descriptor = stdout_descriptor()
    startup = start_reading(common, one_shot=True)
    text, settings = " ".join(words), settings_of(startup)
    query = parse_filter(text, settings)

    async def work(session: Session) -> None:
        await read_once(session, print_message)
        sort = Sort.DISTANCE if query.near is not None else Sort.NAME
        settings.use_simulated(session.simulated)
        options = ListOptions(sort=sort, pin_starred=False, filter=text, home=settings.home)
        station_list = StationList(session.board, session.register, settings.starred, options)
        lines = listing.list_stations(station_list, session.clock.now(), limit=limit)
        check_filter(station_list.query)
        if not lines.counts and (reason := station_list.explain_no_match()):
            print_message(f"No stations match the filter ({reason}).")
        if as_json:
            data = listing.stations_as_json(lines)
        elif as_csv:
            data = listing.stations_as_csv(lines)
        elif os.isatty(descriptor):
            data = encoded(listing.stations_as_table(lines, shutil.get_terminal_size().columns))
        else:
            data = encoded(listing.stations_as_tabs(lines))
        await StdoutWriter(descriptor).write(data)

    run_session(startup, work, one_shot=True)
