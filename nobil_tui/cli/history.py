"""``nobil-tui history``: summarize, export or import what was observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from nobil_tui.base.paths import history_file, register_file
from nobil_tui.base.text import quoted, safe_path, safe_text
from nobil_tui.cli.click_classes import CommandWithExitCodes, SuggestingGroup
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.interrupts import raise_at_interrupt
from nobil_tui.cli.messages import fail, print_message
from nobil_tui.cli.options import FilePath
from nobil_tui.cli.output import print_data, print_text
from nobil_tui.cli.value_completers import complete_recorded

if TYPE_CHECKING:
    from nobil_tui.charging.register import Register
    from nobil_tui.cli.progress import ProgressLine
    from nobil_tui.history.database import HistoryDatabase
    from nobil_tui.history.hours import LocalHours
    from nobil_tui.history.importing import ImportResult

HISTORY_EXIT_CODES = (ExitCode.SUCCESS, ExitCode.FAILURE, ExitCode.USAGE, ExitCode.INTERRUPTED)
FORMATS = ("jsonl", "csv")
PRINTED_AT_ONCE = 1000
"""Changes."""
SINCE_EXAMPLES = "2026-03-24 or 2026-03-24T08:00"


def parse_since(text: str) -> datetime:
    """Parse a date, or a date with a time, which is local unless it has an offset."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        message = f"expected a date or time such as {SINCE_EXAMPLES}."
        raise click.BadParameter(message) from None


@click.group(cls=SuggestingGroup)
def history() -> None:
    """Show, export or import what was observed of the stations.

    The app, tail, watch, wait, record and serve store the changes of starred stations, and how busy
    every station is in each hour of the week; only one of them writes at a time. To change that,
    set record under [history] in the config to "all" or "off".
    """


@history.command(cls=CommandWithExitCodes, exit_codes=HISTORY_EXIT_CODES)
@click.argument("station", shell_complete=complete_recorded)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def summary(station: str, as_json: bool) -> None:
    """Show how busy STATION usually is, its sessions and its faults."""
    from nobil_tui.base.clock import Clock
    from nobil_tui.history.hours import LocalHours
    from nobil_tui.history.statistics import summarize_history
    from nobil_tui.history.summary import summary_data, summary_text

    with _database() as (path, database):
        known = database.stations if database is not None else []
        [station_id] = _find([station], known, path)
        found = database.station(station_id) if database is not None else None
    if found is None or not (found.connectors or any(hour.observed for hour in found.profile)):
        fail(ExitCode.FAILURE, f"Nothing is recorded of the station {quoted(station_id)}.")
    statistics, register = summarize_history(found), _register()
    if as_json:
        data = summary_data(found, statistics, register)
        print_data(msgspec.json.encode(data) + b"\n")
    else:
        print_text(summary_text(found, statistics, register, LocalHours(), Clock().now()))


@history.command(cls=CommandWithExitCodes, exit_codes=HISTORY_EXIT_CODES)
@click.argument("stations", metavar="[STATION]...", nargs=-1, shell_complete=complete_recorded)
@click.option(
    "--since",
    type=parse_since,
    metavar="TIME",
    help=f"Start at a local date or time, such as {SINCE_EXAMPLES}.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="jsonl",
    show_default=True,
    help="Format of the output.",
)
def export(stations: tuple[str, ...], since: datetime | None, format_: str) -> None:
    """Print the stored changes, one per line.

    Without a STATION, print those of all stations. Each line has these fields:

    \b
    time       when the condition began, in UTC: 2026-03-23T12:00:00.107Z
    station    the station's id: NOR_01333
    name       the station's name; null or empty if unknown
    connector  the connector's number, from 1
    evse_uid   the connector's id inside the station
    condition  its condition from then on; null or empty if it is
               no longer observed; the same again if it was
               confirmed after a break
    credit     the attribution to show next to the name
    """
    from nobil_tui.history.exporting import history_csv, history_csv_header, history_json

    encode = history_csv if format_ == "csv" else history_json
    begin = _milliseconds(since) if since is not None else 0
    with _database() as (path, database):
        known = database.stations if database is not None else []
        found = _find(stations, known, path) or known
        if database is None:
            print_message(f"Nothing is recorded yet: {path} does not exist.")
            return
        register = _register()
        if format_ == "csv":
            print_data(history_csv_header())
        # Close it before the database, even if the output has no reader.
        with closing(database.changes(found, begin)) as changes:
            while lines := list(islice(changes, PRINTED_AT_ONCE)):
                print_data(b"".join(encode(change, register) for change in lines))


def _milliseconds(local: datetime) -> int:
    """Return a local time in ms since the epoch."""
    try:
        return int(local.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        # On the first and the last day of the calendar, the year in UTC may be out of range.
        return 0 if local.year < 1970 else 2**63 - 1


@history.command(
    "import",
    cls=CommandWithExitCodes,
    exit_codes=HISTORY_EXIT_CODES,
    short_help="Import recordings.",
)
@click.argument(
    "recordings",
    metavar="RECORDING...",
    nargs=-1,
    required=True,
    type=FilePath(),
)
def import_(recordings: tuple[Path, ...]) -> None:
    """Import each RECORDING of nobil-tui record, or a file of NOBIL Real-time with received_at and
    frame in each line.

    The changes of all stations are stored. What was imported or observed before is not counted
    again.
    """
    from filelock import Timeout

    from nobil_tui.base.files import file_lock, make_folders
    from nobil_tui.cli.progress import ProgressLine
    from nobil_tui.feeds.source import SourceError
    from nobil_tui.history.database import HistoryDatabase
    from nobil_tui.history.hours import LocalHours
    from nobil_tui.history.store import unreadable
    from nobil_tui.store.database_file import DATABASE_ERRORS

    path, hours, progress = history_file(), LocalHours(), ProgressLine()
    raise_at_interrupt()
    try:
        make_folders(path.parent)
        with file_lock(Path(f"{path}.lock")).acquire(blocking=False):
            database = HistoryDatabase.open_to_write(path)
            try:
                for recording in recordings:
                    result = _import_recording(recording, database, hours, progress)
                    print_text(f"{safe_path(recording)}: {_imported_words(result)}")
            finally:
                progress.clear()
                database.close()
    except Timeout:
        fail(
            ExitCode.FAILURE,
            "Another nobil-tui is recording the history. Close it, then import again.",
        )
    except SourceError as error:
        fail(ExitCode.FAILURE, str(error))
    except DATABASE_ERRORS as error:
        fail(ExitCode.FAILURE, unreadable(path, error))
    except NotImplementedError:
        fail(ExitCode.FAILURE, f"The file system of {safe_path(path)} has no locks.")


def _import_recording(
    recording: Path, database: HistoryDatabase, hours: LocalHours, progress: ProgressLine
) -> ImportResult:
    from nobil_tui.history.importing import RecordingImport

    def show(share: float) -> None:
        progress.show(f"{safe_text(recording.name)}: {share:.0%}")

    result = RecordingImport(recording, show).run(database, hours)
    progress.clear()
    return result


def _imported_words(result: ImportResult) -> str:
    from nobil_tui.history.summary import duration_text

    lines = "line or frame" if result.unreadable == 1 else "lines or frames"
    skipped = f", {result.unreadable:,} unreadable {lines} skipped" if result.unreadable else ""
    changes = f"{result.changes:,} change{'' if result.changes == 1 else 's'}"
    return f"{changes} and {duration_text(result.seconds)} of listening added{skipped}"


@contextmanager
def _database() -> Iterator[tuple[Path, HistoryDatabase | None]]:
    """Open the history for reading; return None if there is none. End the program if it cannot be
    read."""
    from nobil_tui.history.database import HistoryDatabase
    from nobil_tui.history.store import unreadable
    from nobil_tui.store.database_file import DATABASE_ERRORS, is_missing

    path = history_file()
    try:
        if is_missing(path):
            yield path, None
            return
        database = HistoryDatabase.open_to_read(path)
        try:
            yield path, database
        finally:
            database.close()
    except DATABASE_ERRORS as error:
        fail(ExitCode.FAILURE, unreadable(path, error))


def _find(texts: Iterable[str], known: list[str], path: Path) -> list[str]:
    """Return the stations that the ids mean; end the program if one is not known.

    A station of the register may have no history yet; any other id is a mistake.
    """
    from nobil_tui.search.station_ids import BY_LIST, StationIds

    ids, found = StationIds(known), list[str]()
    for text in texts:
        if not known:
            fail(
                ExitCode.FAILURE,
                f"Nothing is recorded yet in {path}. Open the app on a real source, or import a "
                "recording.",
            )
        station = ids.find(text)
        if station is None:
            meant = StationIds(_register()).find(text)
            if meant is not None:
                fail(ExitCode.FAILURE, f"Nothing is recorded of the station {quoted(meant)}.")
            fail(ExitCode.USAGE, ids.problem(text, "Nothing is recorded of", BY_LIST))
        found.append(station)
    return found


def _register() -> Register:
    """Return the register with the names of the stations; print a message and return an empty one
    if it cannot be read."""
    from nobil_tui.charging.register import CREDIT, Register
    from nobil_tui.register.cache import CacheError, load_register

    try:
        cached = load_register(register_file())
    except CacheError as error:
        print_message(str(error))
        cached = None
    return Register(cached.facts if cached is not None else {}, credit=CREDIT)
