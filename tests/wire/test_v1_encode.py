"""Encoded messages of version 1 decode to the data that they were made from."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.board import Board
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.events import HubReport, HubState, RawReport, Snapshot, StationReport
from nobil_tui.charging.station import Connector, Station, WordConnector, operator_status
from nobil_tui.wire import v1
from nobil_tui.wire.status_words import connector_from
from nobil_tui.wire.v1_encode import (
    as_sent,
    charger_object,
    connector_object,
    raw_message,
    snapshot_message,
    state_message,
    station_row,
    update_message,
)
from tests.conftest import START
from tests.for_each import for_each

CONNECTOR = {"status", "error", "timestamp"}

times = st.one_of(st.just(-1), st.integers(1, 2**53))
plain = st.builds(Connector, st.sampled_from([-1, 0, 1]), st.sampled_from([0, 1]), times)
words = st.sampled_from(
    ["AVAILABLE", "CHARGING", "BLOCKED", "RESERVED", "OUTOFORDER", "PLANNED", "REMOVED", "MADE UP"]
)


def _with_word(word: str, timestamp: int) -> WordConnector:
    connector = connector_from(word)
    connector.timestamp = timestamp
    return connector


anything = st.one_of(
    st.builds(
        Connector,
        st.integers(-(2**31), 2**31 - 1),
        st.integers(-(2**31), 2**31 - 1),
        times,
    ),
    st.builds(_with_word, words, times),
)
ids = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=64)


def stations(connectors: st.SearchStrategy[Connector]) -> st.SearchStrategy[list[Station]]:
    station = st.builds(
        Station, ids, st.lists(connectors, max_size=8), st.sampled_from([None, -1, 0, 1, 2])
    )
    return st.lists(station, max_size=8)


def snapshot_of(stations: list[Station], state: HubState | None = None) -> bytes:
    rows = [station_row(station, Board()) for station in stations]
    return snapshot_message([row.core + row.notes for row in rows], state or HubState())


def update_of(station: Station) -> bytes:
    return update_message(station, station_row(station, Board()))


def sent(frame: bytes) -> Any:
    return json.loads(frame)


@given(stations(anything))
def test_snapshot_round_trips(given: list[Station]) -> None:
    message = v1.decode(snapshot_of(given), START)
    assert isinstance(message, Snapshot)
    assert message.unreadable == 0
    assert message.hub == HubState()
    assert [(s.id, s.connectors, s.status) for s in message.stations] == [
        (s.id, s.connectors, None) for s in given
    ]


@given(stations(anything).filter(bool))
def test_update_round_trips(given: list[Station]) -> None:
    message = v1.decode(update_of(given[0]), START)
    assert isinstance(message, StationReport)
    assert message.station.id == given[0].id
    assert message.station.connectors == given[0].connectors
    said = [as_sent(connector) for connector in given[0].connectors]
    assert message.station.status == operator_status(said)


@given(ids, st.integers(0, 1023), anything)
def test_raw_report_round_trips(station: str, index: int, connector: Connector) -> None:
    message = v1.decode(raw_message(station, index, connector), START)
    assert message == RawReport(station, index, connector, START)


@given(anything)
def test_programs_for_version_1_see_its_numbers(connector: Connector) -> None:
    station = Station("NOR_1", [connector])
    said = as_sent(connector)
    numbers = {"status": said.status, "error": said.error, "timestamp": said.timestamp}
    frames = (snapshot_of([station]), update_of(station))
    [in_snapshot], in_update = (sent(frame)["data"] for frame in frames)
    raw = sent(raw_message("NOR_1", 0, connector))["data"]
    rest = sent(connector_object(station, 0))
    charger = sent(charger_object(station, station_row(station, Board())))
    everywhere = [
        *(in_snapshot["connectors"][0], in_update["connectors"][0]),
        *(raw, rest, charger["connectors"][0]),
    ]
    for each in everywhere:
        assert numbers.items() <= each.items()
    assert in_update["status"] == charger["status"] == operator_status([said])


@given(anything)
def test_condition_survives_as_far_as_version_1_allows(connector: Connector) -> None:
    said = as_sent(connector)
    assert type(said) is Connector
    assert said.error in (0, 1)
    assert said.status in (-1, 0, 1)
    if connector.condition in (
        Condition.FREE,
        Condition.OCCUPIED,
        Condition.FAULT,
        Condition.UNKNOWN,
    ):
        assert said.condition is connector.condition
    elif connector.condition is Condition.NOT_IN_SERVICE:
        assert said.condition is Condition.UNKNOWN
    else:
        assert said.condition is Condition.OCCUPIED
    assert said.timestamp == (connector.timestamp if connector.timestamp > 0 else -1)


@for_each(
    ("word", "expected"),
    [
        ("AVAILABLE", (0, 0)),
        ("CHARGING", (1, 0)),
        ("BLOCKED", (1, 0)),
        ("RESERVED", (1, 0)),
        ("OUTOFORDER", (-1, 1)),
        ("UNKNOWN", (-1, 0)),
        ("SOMETHING ELSE", (-1, 0)),
        ("INOPERATIVE", (-1, 0)),
        ("PLANNED", (-1, 0)),
        ("REMOVED", (-1, 0)),
    ],
)
def test_words_are_encoded_as_numbers(word: str, expected: tuple[int, int]) -> None:
    said = as_sent(connector_from(word))
    assert (said.status, said.error) == expected


@for_each(
    ("status", "error", "expected"),
    [
        (0, 0, (0, 0)),
        (1, 0, (1, 0)),
        (-1, 0, (-1, 0)),
        (7, 0, (-1, 0)),
        (0, 1, (0, 1)),
        (1, 5, (1, 1)),
        (-1, 1, (-1, 1)),
        (7, 1, (-1, 1)),
    ],
)
def test_numbers_are_encoded_by_condition(
    status: int, error: int, expected: tuple[int, int]
) -> None:
    said = as_sent(Connector(status, error, 5))
    assert (said.status, said.error) == expected


def test_valid_connectors_are_not_copied() -> None:
    connector = Connector(1, 0, 1_700_000_000_000)
    assert as_sent(connector) is connector


def test_a_station_that_version_1_describes_gets_no_further_keys() -> None:
    station = Station("NOR_01333", [Connector(0, 0, 5), Connector(1, 0, 6)], 0)
    station.summary.text  # noqa: B018 - fills what is cached, which must not be sent
    snapshot, update = sent(snapshot_of([station])), sent(update_of(station))
    raw = sent(raw_message("NOR_01333", 1, station.connectors[1]))
    assert (set(snapshot), snapshot["type"]) == ({"type", "data", "hub"}, "snapshot:init")
    assert (set(update), update["type"]) == ({"type", "data"}, "status:update")
    assert (set(raw), raw["type"]) == ({"type", "code", "data"}, "status:raw")
    assert isinstance(raw["code"], int)
    assert set(snapshot["data"][0]) == {"uuid", "connectors"}
    assert set(update["data"]) == {"uuid", "status", "connectors"}
    assert raw["data"] == {
        "uuid": "NOR_01333",
        "connector": 1,
        "status": 1,
        "error": 0,
        "timestamp": 6,
    }
    for connector in [*snapshot["data"][0]["connectors"], *update["data"]["connectors"]]:
        assert set(connector) == CONNECTOR


@given(
    st.builds(
        HubState,
        st.booleans(),
        st.text(st.characters(exclude_categories=("C", "Z")), max_size=20),
        *[st.integers(0, 2**53)] * 2,
        st.integers(-(2**53), 2**53),
        st.integers(0, 2**53),
        simulated=st.booleans(),
    )
)
def test_state_of_the_hub_round_trips(state: HubState) -> None:
    assert v1.decode(state_message(state), START) == HubReport(state, START)
    snapshot = v1.decode(snapshot_of([], state), START)
    assert isinstance(snapshot, Snapshot)
    assert snapshot.hub == state


@for_each(
    ("connectors", "status"),
    [
        ([Connector(0), *[Connector(-1)] * 4], -1),
        ([Connector(0, 1)], 2),
        ([Connector(1), Connector(0)], 0),
        ([Connector(1)], 1),
        ([Connector(1), WordConnector(-1, 0, -1, "REMOVED")], -1),
        ([], -1),
    ],
)
def test_update_has_operator_status(connectors: list[Connector], status: int) -> None:
    assert sent(update_of(Station("A", connectors, 1)))["data"]["status"] == status
