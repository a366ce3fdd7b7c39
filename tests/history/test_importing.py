"""Recordings imported into a history: small files and real captures."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from nobil_tui.base.clock import iso
from nobil_tui.charging.events import HubState
from nobil_tui.feeds.source import SourceError
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.importing import ImportResult, RecordingImport
from nobil_tui.history.statistics import profile_of, sessions
from nobil_tui.wire.recording import RecordingHeader, encode_header
from nobil_tui.wire.v1_encode import snapshot_message, state_message
from tests.history.records import MINUTE, OSLO, at, sql_profile
from tests.history.test_occupancy import cells_of

HOURS = LocalHours(OSLO)
START = at("2026-03-23 12:00")


def line(minutes: float, station: str = "", uid: str = "", word: str = "") -> str:
    frame = f'{{"nobilId":"{station}","evseUId":"{uid}","status":"{word}"}}' if station else '""'
    return f'{{"received_at":"{iso(START + int(minutes * MINUTE))}","frame":{frame}}}\n'


def imported(path: Path, database: HistoryDatabase) -> ImportResult:
    return RecordingImport(path, lambda share: None).run(database, HOURS)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.jsonl"
    path.write_text(
        line(0, "NOR_1", "a", "AVAILABLE")
        + line(10, "NOR_1", "a", "CHARGING")
        + line(40, "NOR_1", "a", "AVAILABLE")
        + line(60, "NOR_2", "b", "OUTOFORDER")
    )
    return path


def test_a_recording_becomes_changes_sessions_and_a_profile(recording: Path) -> None:
    database = HistoryDatabase.in_memory()

    assert imported(recording, database) == ImportResult(changes=4, seconds=3600, unreadable=0)

    history = database.station("NOR_1")
    assert [row.code for row in history.connectors[0].rows] == [0, 1, 0]
    assert [
        session.seconds for session in sessions(history.connectors[0].rows, history.listening)
    ] == [1800]
    noon = history.profile[12]
    assert (noon.observed, noon.any_free, noon.weeks, noon.weeks_free) == (3600, 1800, 1, 1)


def test_importing_twice_adds_nothing(recording: Path) -> None:
    database = HistoryDatabase.in_memory()
    imported(recording, database)
    before = database.station("NOR_1")

    assert imported(recording, database) == ImportResult(changes=0, seconds=0, unreadable=0)
    after = database.station("NOR_1")
    assert (after.profile, after.connectors) == (before.profile, before.connectors)


def test_only_the_time_that_is_not_covered_is_counted(recording: Path, tmp_path: Path) -> None:
    database = HistoryDatabase.in_memory()
    part = tmp_path / "part.jsonl"
    part.write_text("".join(recording.read_text().splitlines(keepends=True)[:3]))
    imported(part, database)

    assert imported(recording, database) == ImportResult(changes=1, seconds=20 * 60, unreadable=0)
    noon = database.station("NOR_1").profile[12]
    assert (noon.observed, noon.any_free, noon.weeks) == (3600, 1800, 1)


def test_a_failed_import_leaves_nothing(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = HistoryDatabase.in_memory()
    importing = RecordingImport(recording, _stop_at(0.5))

    with pytest.raises(KeyboardInterrupt):
        importing.run(database, HOURS)

    assert database.contents[:2] == (0, 0)
    assert imported(recording, database).changes == 4


def _stop_at(limit: float):  # type: ignore[no-untyped-def]
    def progress(share: float) -> None:
        if share >= limit:
            raise KeyboardInterrupt

    return progress


def test_damaged_lines_are_counted_and_the_rest_is_imported(recording: Path) -> None:
    recording.write_text(recording.read_text() + "{broken\n" + line(61, "NOR_1", "a", "CHARGING"))

    result = imported(recording, HistoryDatabase.in_memory())

    assert (result.changes, result.unreadable) == (5, 1)


@pytest.mark.parametrize("year", ["2096", "2006"])
def test_a_damaged_time_is_no_time_listened(recording: Path, year: str) -> None:
    *begin, last = recording.read_text().splitlines(keepends=True)
    damaged = line(50, "NOR_1", "a", "CHARGING").replace("2026", year)
    recording.write_text("".join([*begin, damaged, last]))

    assert imported(recording, HistoryDatabase.in_memory()) == ImportResult(4, 3600, 1)


def test_a_long_silence_is_not_counted(recording: Path) -> None:
    """Another program wrote the file, and nothing while its computer slept."""
    recording.write_text(
        recording.read_text()
        + line(180, "NOR_1", "a", "AVAILABLE")
        + line(190, "NOR_1", "a", "CHARGING")
    )
    database = HistoryDatabase.in_memory()

    assert imported(recording, database).seconds == (60 + 10) * 60
    assert [each.ended - each.began for each in database.listening()] == [3600, 600]


def test_simulated_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "simulated.jsonl"
    path.write_bytes(encode_header(RecordingHeader(codec="v1", simulated=True)) + line(0).encode())

    with pytest.raises(SourceError, match="simulated data"):
        imported(path, HistoryDatabase.in_memory())


def hub_line(minutes: float, frame: bytes) -> bytes:
    time = iso(START + int(minutes * MINUTE))
    return b'{"received_at":"%b","frame":%b}\n' % (time.encode(), frame)


def hub_recording(path: Path, *, simulated: bool = False) -> Path:
    """Write a recording of a hub whose own source is away from minute 10 to minute 40."""
    row = b'"uuid":"NOR_1","connectors":[{"status":%d,"error":0,"timestamp":-1}]'
    update = b'{"type":"status:update","hub":true,"data":{%b}}'
    up, down = HubState(simulated=simulated), HubState(live=False, down_for=MINUTE, downtime=MINUTE)
    path.write_bytes(
        encode_header(RecordingHeader(codec="v1"))
        + hub_line(0, snapshot_message([row % 0], up))
        + hub_line(5, update % (row % 1))
        + hub_line(11, state_message(down))
        + hub_line(40, state_message(HubState(downtime=30 * MINUTE)))
        + hub_line(50, update % (row % 0))
        + hub_line(60, update % (row % 1))
    )
    return path


def test_time_in_which_a_hub_did_not_hear_is_not_counted(tmp_path: Path) -> None:
    database = HistoryDatabase.in_memory()
    result = imported(hub_recording(tmp_path / "hub.jsonl"), database)
    assert result == ImportResult(changes=4, seconds=30 * 60, unreadable=0)
    noon = database.station("NOR_1").profile[12]
    # From minute 40 on, nothing is known of it before its next report.
    assert (noon.observed, noon.any_free) == (20 * 60, 15 * 60)


def test_simulated_data_of_a_hub_is_refused(tmp_path: Path) -> None:
    database = HistoryDatabase.in_memory()
    with pytest.raises(SourceError, match="simulated data"):
        imported(hub_recording(tmp_path / "hub.jsonl", simulated=True), database)
    assert database.contents[:2] == (0, 0)


@pytest.mark.slow
def test_the_captures_give_the_profile_that_sql_computes_from_the_changes() -> None:
    folder = os.environ.get("NOBIL_CAPTURES")
    if not folder:
        pytest.skip("NOBIL_CAPTURES names no folder with captures of NOBIL Real-time")
    database = HistoryDatabase.in_memory()
    files = sorted(Path(folder).glob("enova_*.jsonl"))
    results = [imported(path, database) for path in files]

    assert len(files) == 2
    assert all(result.changes > 3000 and result.seconds > 1000 for result in results)
    smallest = min(files, key=lambda path: path.stat().st_size)
    assert imported(smallest, database)[:2] == (0, 0)
    listening = list(database.listening())
    since, until = listening[0].began, listening[-1].ended
    busiest = Counter(change.station for change in database.changes(database.stations))
    for station, _ in busiest.most_common(8):
        history = database.station(station)
        found = {hour: counts[:5] for hour, counts in cells_of(history.profile).items()}
        assert found == sql_profile(database, station, since, until)
        assert cells_of(profile_of(history, HOURS, until * 1000)) == cells_of(history.profile)
