"""``nobil-tui status``: print the state of stations once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nobil_tui.cli.click_classes import CommandWithExitCodes
from nobil_tui.cli.exit_codes import SOURCE_EXIT_CODES
from nobil_tui.cli.list import PRICE_HELP, counts_help
from nobil_tui.cli.messages import print_message
from nobil_tui.cli.output import encoded, stdout_descriptor
from nobil_tui.cli.source_command import (
    run_session,
    settings_of,
    source_options,
    start_reading,
)
from nobil_tui.cli.value_completers import complete_station

if TYPE_CHECKING:
    from nobil_tui.session.session import Session


_HELP = f"""
Print the state of stations and their connectors once.

The state is that of the live stream if it begins with a snapshot, else the last known state, with
its age and certainty; a message on stderr says which. A recording is played to its end.

Each line of JSON has these fields:

{counts_help("from home; null without one")}
connectors     a list with the fields below for each connector

Fields of a connector:

\b
connector       its number, from 1
condition       as above
word            the stream's own word for it; null if it has none
since           when the condition began, in UTC
since_at_least  true if it may have begun earlier
certainty       as above
unconfirmed_s   as above
plugs           a list, such as ["CCS 150"]
price           the price there; null if unknown

Fields of a price:

{PRICE_HELP}
"""


@click.command(cls=CommandWithExitCodes, exit_codes=SOURCE_EXIT_CODES, help=_HELP)
@click.argument(
    "stations_given", nargs=-1, required=True, metavar="STATION...", shell_complete=complete_station
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
@source_options
def status(stations_given: tuple[str, ...], as_json: bool, **common: Any) -> None:
    """Print the state of stations once."""
    from nobil_tui.headless.one_shot import read_once
    from nobil_tui.headless.station_choice import StationChoice
    from nobil_tui.headless.status import status_text
    from nobil_tui.headless.stdout import StdoutWriter
    from nobil_tui.search.station_ids import BY_LIST
    from nobil_tui.wire.station_lines import station_json, station_line

    descriptor = stdout_descriptor()
    startup = start_reading(common, one_shot=True)

    async def work(session: Session) -> None:
        settings = settings_of(startup)
        choice = StationChoice(
            session, stations_given, "", lambda _: None, settings, otherwise=BY_LIST
        )
        await read_once(session, print_message)
        choice.update()
        choice.finish()
        now, board, register = session.clock.now(), session.board, session.register
        lines = [
            station_line(station, board, register, now, settings.home)
            for station in choice.ids or ()
        ]
        data = b"".join(map(station_json, lines)) if as_json else encoded(status_text(lines))
        await StdoutWriter(descriptor).write(data)

    run_session(startup, work, one_shot=True)
