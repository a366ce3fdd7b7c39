"""Tests of snapshots and dated reports of a stream that names its connectors."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.board import Board, Since
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.freshness import Staleness, staleness_of
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station, WordConnector
from nobil_tui.charging.tracking import Track

T0 = 1_700_000_000_000
MINUTE = 60_000


def connector(word: str, since: int = -1) -> Connector:
    status = {"AVAILABLE": 0, "CHARGING": 1}.get(word, -1)
    return WordConnector(status, 0, since, word=word)


def station(**connectors: Connector) -> Station:
    return Station("L", list(connectors.values()), track=Track(evse_uids=tuple(connectors)))


def words(board: Board) -> dict[str, str]:
    held = board.stations["L"]
    return {uid: each.word for uid, each in zip(held.evse_uids, held.connectors, strict=True)}


def test_snapshot_keeps_connector_numbers() -> None:
    board = Board()
    board.apply_snapshot([station(A=connector("AVAILABLE"), B=connector("CHARGING"))], T0)
    result = board.apply_snapshot(
        [station(C=connector("AVAILABLE"), B=connector("CHARGING"), A=connector("CHARGING"))],
        T0 + 1,
    )
    assert words(board) == {"A": "CHARGING", "B": "CHARGING", "C": "AVAILABLE"}
    assert [change.number for change in result.changes] == [1]
    assert sum(board.tally) == 3


def test_connector_missing_from_snapshot_is_unknown_until_named() -> None:
    board = Board()
    board.apply_snapshot([station(A=connector("AVAILABLE"), B=connector("AVAILABLE"))], T0)
    board.apply_snapshot([station(B=connector("AVAILABLE"))], T0 + 1)
    assert words(board) == {"A": "", "B": "AVAILABLE"}
    assert board.stations["L"].summary.text == "1/2"
    assert board.unconfirmed_for(board.stations["L"], 0, T0 + 1) == 0
    changes = board.apply_connector("L", "A", connector("AVAILABLE"), T0 + 2)
    assert [change.before for change in changes] == [None]


def test_partial_snapshot_keeps_missing_connector() -> None:
    board = Board()
    board.apply_snapshot([station(A=connector("AVAILABLE"), B=connector("AVAILABLE"))], T0)
    board.apply_snapshot([station(B=connector("CHARGING"))], T0 + 1, partial=True)
    assert words(board) == {"A": "AVAILABLE", "B": "CHARGING"}


def test_first_snapshot_is_completed_from_register() -> None:
    board = Board(Register({"L": Facts(plug_evse_uids=("B", "A", "C"))}))
    board.apply_snapshot([station(A=connector("AVAILABLE"))], T0)
    assert words(board) == {"A": "AVAILABLE", "B": "", "C": ""}


def test_snapshot_naming_connector_of_register_yields_no_change() -> None:
    board = Board(Register({"L": Facts(plug_evse_uids=("A", "B"))}))
    board.apply_connector("L", "A", connector("AVAILABLE"), T0)
    result = board.apply_snapshot(
        [station(A=connector("AVAILABLE"), B=connector("CHARGING"))], T0 + 1
    )
    assert result.changes == []
    assert words(board) == {"A": "AVAILABLE", "B": "CHARGING"}
    assert board.stations["L"].summary.text == "1/2"


def test_station_of_later_snapshot_is_completed_from_register() -> None:
    board = Board(Register({"L": Facts(plug_evse_uids=("A", "B"))}))
    board.apply_snapshot([Station("K", [Connector()])], T0)
    board.apply_snapshot([Station("K", [Connector()]), station(B=connector("AVAILABLE"))], T0 + 1)
    assert words(board) == {"B": "AVAILABLE", "A": ""}


def test_snapshot_gap_leaves_connectors_unconfirmed() -> None:
    board = Board()
    board.apply_snapshot(
        [station(A=connector("AVAILABLE"), B=connector("AVAILABLE"))], T0, gap=40_000
    )
    held = board.stations["L"]
    assert board.unconfirmed_for(held, 0, T0 + MINUTE) == 40_000
    assert staleness_of(40_000) is Staleness.SLIGHTLY_STALE
    assert board.unconfirmed(T0) == 2
    board.apply_connector("L", "B", connector("AVAILABLE"), T0 + 5)
    assert board.unconfirmed(T0) == 1
    board.apply_snapshot([station(A=connector("AVAILABLE"), B=connector("AVAILABLE"))], T0 + MINUTE)
    assert board.unconfirmed(T0 + MINUTE) == 0


WORDS = ["AVAILABLE", "CHARGING", "OUTOFORDER", "PLANNED", "?"]
NAMES = "KL"
UIDS = "ABC"
REPORTED = st.dictionaries(st.sampled_from(UIDS), st.sampled_from(WORDS), min_size=1)
COUNTRY = st.dictionaries(st.sampled_from(NAMES), REPORTED)
STEPS = st.one_of(
    st.tuples(st.just("snapshot"), COUNTRY, st.booleans()),
    st.tuples(st.just("station"), st.sampled_from(NAMES), REPORTED),
    st.tuples(
        st.just("connector"),
        st.sampled_from(NAMES),
        st.sampled_from(UIDS),
        st.sampled_from(WORDS),
    ),
    st.tuples(st.just("raw"), st.sampled_from(NAMES), st.sampled_from(WORDS)),
    st.tuples(
        st.just("register"), st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(UIDS)))
    ),
    st.tuples(st.just("break")),
)


@given(st.lists(STEPS, max_size=12))
def test_count_of_unconfirmed_connectors(steps: list[tuple[Any, ...]]) -> None:
    board = Board()
    for now, (what, *given_) in enumerate(steps, T0):
        match what, given_:
            case "snapshot", (reported, late):
                stations = [named(name, words) for name, words in reported.items()]
                board.apply_snapshot(stations, now, gap=1000 if late else 0)
            case "station", (name, words):
                board.apply_station(named(name, words), now)
            case "connector", (name, uid, word):
                board.apply_connector(name, uid, connector(word), now)
            case "raw", (name, word):
                board.apply_raw_report(name, 0, connector(word), now)
            case "register", (known,):
                board.use_register(
                    Register({name: Facts(plug_evse_uids=tuple(u)) for name, u in known.items()})
                )
            case _:
                board.downtime.stop(now - 1000)
                board.downtime.start(now)
        assert board.unconfirmed(now) == sum(
            each.condition is not Condition.NOT_IN_SERVICE
            and board.unconfirmed_for(held, index, now) > 0
            for held in board.stations.values()
            for index, each in enumerate(held.connectors)
        )


def named(name: str, reported: dict[str, str]) -> Station:
    every = {uid: connector(word) for uid, word in reported.items()}
    return Station(name, [*every.values()], track=Track(evse_uids=tuple(every)))


def test_reported_timestamp_sets_since() -> None:
    board = Board()
    board.apply_connector("L", "A", connector("CHARGING", T0 - 5 * MINUTE), T0)
    assert board.since(board.stations["L"], 0, T0) == Since(T0 - 5 * MINUTE, False)
    board.apply_connector("L", "A", connector("AVAILABLE"), T0 + 1)
    assert board.since(board.stations["L"], 0, T0 + 1) == Since(T0 + 1, False)
