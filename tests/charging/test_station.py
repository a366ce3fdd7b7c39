"""The condition of a connector by its numbers and word, and the counts of a station."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.conditions import Condition, condition_of
from nobil_tui.charging.station import (
    Connector,
    ConnectorStatus,
    Station,
    WordConnector,
    operator_status,
    summarize,
)
from tests.for_each import for_each

FREE = Connector(0, 0)
BUSY = Connector(1, 0)
FAULT = Connector(0, 1)
UNKNOWN = Connector(-1, 0)
BLOCKED = WordConnector(1, 0, word="BLOCKED")
RESERVED = WordConnector(1, 0, word="RESERVED")
PLANNED = WordConnector(-1, 0, word="PLANNED")


@for_each("status", [-1, 0, 1, 2, 99, -(2**31)])
@for_each("error", [1, 2, -1, 2**31 - 1])
@for_each("word", ["", "AVAILABLE", "PLANNED", "REMOVED"])
def test_error_takes_precedence(status: int, error: int, word: str) -> None:
    assert condition_of(status, error, word) is Condition.FAULT


@pytest.mark.parametrize(
    ("status", "condition"),
    [(0, Condition.FREE), (1, Condition.OCCUPIED), (-1, Condition.UNKNOWN), (2, Condition.UNKNOWN)],
)
def test_condition_of_status(status: int, condition: Condition) -> None:
    assert condition_of(status, 0) is condition


@for_each(
    ("status", "error", "word", "condition"),
    [
        (-1, 1, "OUTOFORDER", Condition.FAULT),
        (0, 0, "AVAILABLE", Condition.FREE),
        (1, 0, "CHARGING", Condition.OCCUPIED),
        (1, 0, "BLOCKED", Condition.BLOCKED),
        (1, 0, "RESERVED", Condition.RESERVED),
        (-1, 0, "UNKNOWN", Condition.UNKNOWN),
        (-1, 0, "SNOWEDIN", Condition.UNKNOWN),
        (-1, 0, "available", Condition.UNKNOWN),
        (-1, 0, "INOPERATIVE", Condition.NOT_IN_SERVICE),
        (-1, 0, "PLANNED", Condition.NOT_IN_SERVICE),
        (-1, 0, "REMOVED", Condition.NOT_IN_SERVICE),
    ],
)
def test_condition_of_word(status: int, error: int, word: str, condition: Condition) -> None:
    assert WordConnector(status, error, word=word).condition is condition
    assert condition_of(-1, 0, word) is condition


@given(st.integers(-(2**31), 2**31 - 1).filter(lambda status: status not in (0, 1)))
def test_undocumented_status_is_unknown(status: int) -> None:
    assert condition_of(status, 0) is Condition.UNKNOWN


def test_only_not_in_service_is_not_counted() -> None:
    assert [c for c in Condition if not c.counted] == [Condition.NOT_IN_SERVICE]
    assert [c for c in Condition if c.in_use] == [
        Condition.OCCUPIED,
        Condition.BLOCKED,
        Condition.RESERVED,
    ]


@for_each(
    ("connector", "detail"),
    [
        (FREE, ""),
        (FAULT, "available"),
        (Connector(1, 1), "occupied"),
        (Connector(-1, 1), ""),
        (Connector(7, 0), "status 7"),
        (UNKNOWN, ""),
        (BLOCKED, ""),
        (PLANNED, "planned"),
        (WordConnector(-1, 0, word="SNOWEDIN"), "snowedin"),
    ],
)
def test_detail(connector: Connector, detail: str) -> None:
    assert connector.detail == detail


def test_same_as_ignores_only_the_timestamp() -> None:
    assert Connector(1, 0, 5).same_as(Connector(1, 0, 6))
    assert not Connector(1, 0).same_as(Connector(0, 0))
    assert not Connector(1, 0).same_as(Connector(1, 1))
    assert not BLOCKED.same_as(RESERVED)
    assert not BLOCKED.same_as(BUSY)


@for_each(
    ("connectors", "text", "condition"),
    [
        ([FREE, FREE, BUSY, FAULT], "2/4", Condition.FREE),
        ([UNKNOWN] * 4, "?/4", Condition.UNKNOWN),
        ([UNKNOWN, FAULT], "?/2", Condition.FAULT),
        ([UNKNOWN, BUSY, FAULT], "?/3", Condition.OCCUPIED),
        ([BLOCKED, FAULT], "0/2", Condition.OCCUPIED),
        ([RESERVED, FAULT], "0/2", Condition.OCCUPIED),
        ([FREE, PLANNED], "1/1", Condition.FREE),
        ([UNKNOWN, PLANNED], "?/1", Condition.UNKNOWN),
        ([FREE, UNKNOWN], "1/2", Condition.FREE),
        ([], "–", Condition.NOT_IN_SERVICE),
        ([PLANNED, PLANNED], "–", Condition.NOT_IN_SERVICE),
        # Available and in error: a driver must not rely on it.
        ([FAULT], "0/1", Condition.FAULT),
    ],
)
def test_station_summary(connectors: list[Connector], text: str, condition: Condition) -> None:
    summary = Station("NOR_01333", connectors).summary
    assert (summary.text, summary.condition) == (text, condition)


@for_each("condition", Condition)
def test_station_of_one_connector_has_the_first_condition_with_its_count(
    condition: Condition,
) -> None:
    connector = WordConnector(*condition.version_1, word=condition.words[0])
    first = next(each for each in Condition if each.adds_to is condition.adds_to)
    assert summarize([connector]).condition is first


@given(st.lists(st.sampled_from([FREE, BUSY, FAULT, UNKNOWN, BLOCKED, RESERVED, PLANNED])))
def test_summary_counts_each_connector_in_service_once(connectors: list[Connector]) -> None:
    summary = summarize(connectors)
    assert summary.free + summary.in_use + summary.faults + summary.unknown == summary.total
    assert summary.total == sum(connector.condition.counted for connector in connectors)


@for_each(
    ("pairs", "status"),
    [
        # The operator's two examples.
        ([(0, 0), (-1, 0), (-1, 0), (-1, 0), (-1, 0)], ConnectorStatus.UNKNOWN),
        ([(0, 1)], ConnectorStatus.ERROR),
        ([(-1, 1), (0, 0)], ConnectorStatus.ERROR),
        ([(0, 0), (1, 0)], ConnectorStatus.AVAILABLE),
        ([(1, 0), (1, 0)], ConnectorStatus.OCCUPIED),
        ([(0, 0), (5, 0)], ConnectorStatus.UNKNOWN),
        ([], ConnectorStatus.UNKNOWN),
    ],
)
def test_operator_status(pairs: list[tuple[int, int]], status: int) -> None:
    assert operator_status([Connector(*pair) for pair in pairs]) == status
