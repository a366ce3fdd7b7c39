"""Tests of the version 1 decoder: documented, salvaged and invalid frames."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.events import Event, Ignored, RawReport, Snapshot, StationReport, Unreadable
from nobil_tui.charging.station import MAX_CONNECTORS, Connector, Station
from nobil_tui.wire import v1
from tests.for_each import for_each

DOCUMENT = {"status": 0, "error": 0, "timestamp": 1362520099000}

AT = 1_700_000_000_123


def frame(type_: str, data: Any, **more: Any) -> bytes:
    return json.dumps({"type": type_, "data": data, **more}).encode()


def decode(data: bytes) -> Event:
    return v1.decode(data, AT)


def snapshot(*stations: Any) -> Snapshot:
    message = decode(frame("snapshot:init", stations))
    assert isinstance(message, Snapshot)
    return message


def update(**station: Any) -> Station:
    message = decode(frame("status:update", station))
    assert isinstance(message, StationReport)
    return message.station


# Documented frames


def test_documented_connector() -> None:
    station = update(uuid="NOR_01333", status=0, connectors=[DOCUMENT])
    assert station == Station("NOR_01333", [Connector(0, 0, 1362520099000)], 0)
    assert station.connectors[0].condition is Condition.FREE


def test_documented_envelope() -> None:
    assert decode(b'{"type": "foo:bar", "data": []}') == Ignored("foo:bar", AT)


def test_snapshot_stations_have_no_status() -> None:
    read = snapshot(
        {"uuid": "NOR_01333", "connectors": [DOCUMENT, {"status": 1, "error": 0, "timestamp": -1}]},
        {"uuid": "SWE_00001", "connectors": []},
    )
    assert read.unreadable == 0
    assert read.stations == [
        Station("NOR_01333", [Connector(0, 0, 1362520099000), Connector(1, 0, -1)]),
        Station("SWE_00001", []),
    ]
    assert [station.status for station in read.stations] == [None, None]


def test_connector_with_error_keeps_status() -> None:
    station = update(
        uuid="NOR_01333", status=2, connectors=[{"status": 0, "error": 1, "timestamp": 5}]
    )
    assert station.connectors[0] == Connector(0, 1, 5)
    assert station.connectors[0].condition is Condition.FAULT


def test_raw_report() -> None:
    data = {
        "uuid": "NOR_01333",
        "connector": 2,
        "status": 1,
        "error": 0,
        "timestamp": 1362520099000,
    }
    message = decode(frame("status:raw", data, code=7))
    assert message == RawReport("NOR_01333", 2, Connector(1, 0, 1362520099000), AT)


def test_missing_values_of_raw_report_are_unknown() -> None:
    message = decode(frame("status:raw", {"uuid": "NOR_01333", "connector": 0}))
    assert message == RawReport("NOR_01333", 0, Connector(-1, 0, -1), AT)
    assert update(uuid="NOR_01333", connectors=[{}]).connectors == [Connector(-1, 0, -1)]


# Tolerated deviations


def test_undocumented_keys_are_ignored() -> None:
    station = update(
        uuid="A", connectors=[{**DOCUMENT, "power": 150}], name="Fornebu", nested={"a": [1, {}]}
    )
    assert station == Station("A", [Connector(0, 0, 1362520099000)])


@for_each("data", ["", 3, None, {}, [[]], {"uuid": 5}])
def test_unknown_type_is_ignored_with_any_data(data: Any) -> None:
    assert decode(frame("status:delete", data)) == Ignored("status:delete", AT)


def test_unknown_type_without_data_is_ignored() -> None:
    assert decode(b'{"type":"ping"}') == Ignored("ping", AT)


def test_unknown_type_is_made_printable() -> None:
    message = decode(frame("\x1b[2J" + "x" * 1000, None))
    assert isinstance(message, Ignored)
    assert message.type.startswith("·[2J")
    assert len(message.type) < 130


@pytest.mark.parametrize("status", [-(2**31), -2, 3, 2**31 - 1])
def test_undocumented_status_is_kept(status: int) -> None:
    station = update(uuid="A", status=status, connectors=[{"status": status}])
    assert (station.status, station.connectors[0].status) == (status, status)
    assert station.connectors[0].condition is Condition.UNKNOWN


def test_id_is_kept_unchanged() -> None:
    for name in ("NOR_076198", "x", "å" * 64, "a b", "[red]"):
        assert update(uuid=name, connectors=[]).id == name


# Invalid frames

BAD_STATIONS: list[Any] = [
    None,
    [],
    "NOR_01333",
    {},
    {"uuid": "B"},
    {"connectors": []},
    {"uuid": 1333, "connectors": []},
    {"uuid": "", "connectors": []},
    {"uuid": "x" * 65, "connectors": []},
    {"uuid": "a\x1b[31m", "connectors": []},
    {"uuid": "a\nb", "connectors": []},
    {"uuid": "\u202e", "connectors": []},
    {"uuid": "\ud800", "connectors": []},
    {"uuid": "B", "connectors": None},
    {"uuid": "B", "connectors": {}},
    {"uuid": "B", "connectors": [None]},
    {"uuid": "B", "connectors": [{"status": "0"}]},
    {"uuid": "B", "connectors": [{"status": None}]},
    {"uuid": "B", "connectors": [{"status": True}]},
    {"uuid": "B", "connectors": [{"status": 0.5}]},
    {"uuid": "B", "connectors": [{"status": 2**31}]},
    {"uuid": "B", "connectors": [{"error": -(2**31) - 1}]},
    {"uuid": "B", "connectors": [{"timestamp": 2**53 + 1}]},
    {"uuid": "B", "connectors": [{"timestamp": 10**400}]},
    {"uuid": "B", "connectors": [], "status": 10**30},
    {"uuid": "B", "connectors": [{}] * (MAX_CONNECTORS + 1)},
    {"uuid": "B", "connectors": [], "our own track": {"heard": 5}},
    {"uuid": "B", "connectors": [], "our own summary": {"free": 9}},
]


@for_each("bad", BAD_STATIONS)
def test_invalid_station_is_skipped(bad: Any) -> None:
    good = [{"uuid": name, "connectors": [DOCUMENT]} for name in ("A", "C")]
    read = snapshot(good[0], bad, good[1])
    assert [station.id for station in read.stations] == ["A", "C"]
    assert read.unreadable == 1
    assert isinstance(decode(frame("status:update", bad)), Unreadable)


def test_station_with_invalid_unicode_is_skipped() -> None:
    read = decode(
        b'{"type":"snapshot:init","data":[{"uuid":"\xff","connectors":[]},{"uuid":"B","connectors":[]}]}'
    )
    bad = b'{"uuid":"\xff","connectors":[]}'
    assert read == Snapshot([Station("B", [])], AT, 1, sample=bad)


@for_each("half", [r"\ud83d", r"\udd0c", r"\ud83d\ud83d", r"\udd0c\ud83d", r"\ud83dx", r"\\\ud83d"])
def test_lone_surrogate_in_unused_field_is_ignored(half: str) -> None:
    """Servers that truncate texts send these, and the decoder rejects them even in skipped
    texts."""
    station = f'{{"uuid":"A","name":"Fornebu {half}","connectors":[]}}'
    read = decode(
        f'{{"type":"snapshot:init","data":[{station},{{"uuid":"B","connectors":[]}}]}}'.encode()
    )
    assert read == Snapshot([Station("A", []), Station("B", [])], AT, 0)
    assert decode(f'{{"type":"status:update","data":{station}}}'.encode()) == StationReport(
        Station("A", []), AT
    )
    assert decode(f'{{"data":"{half}","type":"foo:bar"}}'.encode()) == Ignored("foo:bar", AT)


def test_surrogate_pairs_are_kept_beside_lone_surrogates() -> None:
    stations = (
        r'[{"uuid":"\ud83d\udd0c \\ud83d","connectors":[]},{"uuid":"\ud83d","connectors":[]}]'
    )
    read = decode(f'{{"type":"snapshot:init","data":{stations}}}'.encode())
    assert read == Snapshot([Station("🔌 \\ud83d", [])], AT, 1)


@for_each(
    "bad",
    [
        {"connector": 0},
        {"uuid": "A"},
        {"uuid": "A\x07", "connector": 0},
        {"uuid": "A", "connector": "0"},
        {"uuid": "A", "connector": 2**40},
        {"uuid": "A", "connector": 0, "status": "FREE"},
        {"uuid": "A", "connector": 0, "timestamp": 10**20},
        [],
        None,
    ],
)
def test_invalid_report_is_unreadable(bad: Any) -> None:
    assert isinstance(decode(frame("status:raw", bad)), Unreadable)


@for_each("data", [None, {}, "x", 5, {"uuid": "A", "connectors": []}])
def test_snapshot_that_is_not_a_list_is_unreadable(data: Any) -> None:
    assert isinstance(decode(frame("snapshot:init", data)), Unreadable)


DEEP = 200_000


@for_each(
    "bad",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"{}",
        b'"snapshot:init"',
        b'{"type":5,"data":[]}',
        b'{"type":null,"data":[]}',
        b'{"data":[]}',
        b'{"type":"snapshot:init"}',
        b'{"type":"status:update"}',
        b'{"type":"snapshot:init","data":[',
        b'{"type":"foo:bar","data":[]}{}',
        b'\xef\xbb\xbf{"type":"foo:bar","data":[]}',
        b'{"type":"\xff","data":[]}',
        b"\xff\xfe\x00",
        b"[" * DEEP,
        b'{"a":' * DEEP,
        b'{"type":"foo:bar","data":' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"type":"status:update","extra":'
        + b"[" * DEEP
        + b"]" * DEEP
        + b',"data":{"uuid":"A","connectors":[]}}',
        b'{"type":"snapshot:init","data":[{"uuid":"A","connectors":[{"status":'
        + b"9" * 100_000
        + b"}]}",
    ],
)
def test_invalid_frame_is_unreadable(bad: bytes) -> None:
    event = decode(bad)
    assert isinstance(event, Unreadable)
    assert_safe(event.reason)


def test_internal_fields_cannot_be_set_by_server() -> None:
    for name in ("track", "cached", "summary"):
        for value in ({"confirmed": 1, "free": 1}, None, 5):
            station = update(**{"uuid": "A", "connectors": [], name: value})
            assert (station.track, station.cached) == (None, None)
    station = update(
        **{"uuid": "A", "connectors": [], "our own track": None, "our own summary": None}
    )
    assert (station.track, station.cached) == (None, None)


# Properties


def assert_safe(reason: str) -> None:
    assert reason
    assert reason.isprintable()
    assert len(reason) < 160


INTEGERS = (
    st.integers(-2, 2)
    | st.integers()
    | st.sampled_from([2**31, 2**53, 2**53 + 1, 2**63, 2**64, 10**400])
)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=5) | st.sampled_from(
    ["A", "B", "\x1b", "\u202e", ""]
)
KEYS = st.sampled_from(
    ["type", "data", "uuid", "connectors", "status", "error", "timestamp", "connector", "track"]
)
TYPES = st.sampled_from(["snapshot:init", "status:update", "status:raw", "foo:bar"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXTS, inner, max_size=4),
    max_leaves=10,
)
CONNECTORS = st.fixed_dictionaries(
    {}, optional={"status": INTEGERS, "error": INTEGERS, "timestamp": INTEGERS}
)
NEARLY_A_STATION = st.fixed_dictionaries(
    {
        "uuid": TEXTS | ANYTHING,
        "connectors": st.lists(CONNECTORS | ANYTHING, max_size=3) | ANYTHING,
    },
    optional={"status": INTEGERS, "connector": INTEGERS | ANYTHING, "extra": ANYTHING},
)
NEARLY_A_MESSAGE = st.fixed_dictionaries(
    {
        "type": TYPES | TEXTS | ANYTHING,
        "data": NEARLY_A_STATION | st.lists(NEARLY_A_STATION, max_size=3) | ANYTHING,
    }
).map(lambda message: json.dumps(message).encode())


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """Return a frame with a few bytes removed or changed."""
    sound = draw(NEARLY_A_MESSAGE)
    at = draw(st.integers(0, len(sound)))
    return sound[:at] + draw(st.binary(max_size=3)) + sound[at + draw(st.integers(0, 3)) :]


def check(frame: bytes) -> None:
    """Assert that a frame decodes to a valid event."""
    match decode(frame):
        case Unreadable(reason):
            assert_safe(reason)
        case Ignored(type_):
            assert type_.isprintable()
        case RawReport(station_id, _, connector):
            assert station_id.isprintable()
            check_connector(connector)
        case StationReport(station):
            check_station(station)
        case Snapshot(stations, _, unreadable):
            assert unreadable >= 0
            for station in stations:
                check_station(station)


def check_station(station: Station) -> None:
    assert 0 < len(station.id) <= 64
    assert station.id.isprintable()
    assert station.track is None
    assert station.cached is None
    assert len(station.connectors) <= MAX_CONNECTORS
    for connector in station.connectors:
        check_connector(connector)


def check_connector(connector: Connector) -> None:
    assert type(connector.status) is type(connector.error) is type(connector.timestamp) is int
    assert max(abs(connector.status), abs(connector.error)) <= 2**31
    assert abs(connector.timestamp) <= 2**53


@given(st.binary())
def test_any_bytes_decode_to_valid_event(frame: bytes) -> None:
    check(frame)


@given(ANYTHING)
def test_any_json_decodes_to_valid_event(value: Any) -> None:
    check(json.dumps(value).encode())


@given(NEARLY_A_MESSAGE)
@example(b'{"type":"status:update","data":{"uuid":"A","connectors":[],"type":"snapshot:init"}}')
@example(b'{"type":"status:update","type":"snapshot:init","data":{"uuid":"A","connectors":[]}}')
def test_any_near_miss_decodes_to_valid_event(frame: bytes) -> None:
    check(frame)


@given(broken())
def test_any_damaged_frame_decodes_to_valid_event(frame: bytes) -> None:
    check(frame)


GOOD = st.fixed_dictionaries(
    {
        "uuid": st.sampled_from(["A", "B", "NOR_076198"]),
        "connectors": st.lists(
            st.fixed_dictionaries(
                {
                    "status": st.integers(-1, 1),
                    "error": st.integers(0, 1),
                    "timestamp": st.integers(-1, 2**53),
                }
            ),
            max_size=4,
        ),
    },
    optional={"status": st.integers(-1, 2)},
)


@given(st.lists(GOOD | st.sampled_from(BAD_STATIONS), max_size=6))
def test_snapshot_keeps_valid_stations_in_order(stations: list[Any]) -> None:
    read = snapshot(*stations)
    good = [station for station in stations if station not in BAD_STATIONS]
    assert [
        {
            "uuid": station.id,
            "connectors": [
                {"status": each.status, "error": each.error, "timestamp": each.timestamp}
                for each in station.connectors
            ],
        }
        | ({} if station.status is None else {"status": station.status})
        for station in read.stations
    ] == good
    assert read.unreadable == len(stations) - len(good)


@given(GOOD)
def test_update_decodes_like_station_of_snapshot(station: Any) -> None:
    assert snapshot(station).stations == [update(**station)]
