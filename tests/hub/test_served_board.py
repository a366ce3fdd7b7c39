"""Served data is exact: snapshot and updates lead every consumer to the board, at any moment."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import (
    Connected,
    ConnectorReport,
    Event,
    HubState,
    Lost,
    RawReport,
    Restarted,
    Snapshot,
    StationReport,
)
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.hub.geojson import MapLayer, parse_map_filter
from nobil_tui.hub.served_board import ServedBoard, state_of
from nobil_tui.monitor.batch import Batch, LinkPhase, LinkState
from nobil_tui.monitor.board_updater import BoardUpdater
from nobil_tui.search.places import Places
from nobil_tui.wire.status_words import connector_from
from tests.conftest import START, FakeClock
from tests.hub.follower import Follower, apply_event, shown

IDS = ("NOR_00001", "SWE_2", "FIN-X", "DAN_075956")
UIDS = ("a", "SE*VIR*E1", "3073f6ec")
WORDS = ("AVAILABLE", "CHARGING", "BLOCKED", "OUTOFORDER", "UNKNOWN", "REMOVED", "MADE UP")
WEEK = 7 * 24 * 3600


class Source:
    """An updater that is driven by hand, and its board as served."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.register = Register()
        self.board = Board(self.register)
        self.updater = BoardUpdater(self.board, self.clock)
        self.served = ServedBoard(self.board, HubState(source="a source"), self.clock)

    @property
    def now(self) -> int:
        return self.clock.now()

    def apply(self, *events: Event) -> None:
        for event in events:
            apply_event(self.updater, event)

    def batch(self) -> Batch:
        if not self.board.downtime.live:
            self.updater.expire(self.now)
        return self.updater.next_batch()


numbers = st.builds(
    Connector, st.sampled_from([-1, 0, 1, 7]), st.sampled_from([0, 0, 1, 3]), st.just(-1)
)
lists = st.lists(numbers, min_size=0, max_size=3)


def dated(connectors: list[Connector], at: int, ages: list[int]) -> list[Connector]:
    """Return copies with times; a connector without an age has none."""
    return [
        Connector(each.status, each.error, at - age if age else -1)
        for each, age in zip(connectors, [*ages, *[0] * len(connectors)], strict=False)
    ]


ages = st.lists(st.sampled_from([0, 1, 5000, 90_000_000]), max_size=3)
ids = st.sampled_from(IDS)
word_reports = st.tuples(st.just("word"), ids, st.sampled_from(UIDS), st.sampled_from(WORDS))
updates = st.tuples(st.just("update"), ids, lists, ages)
raws = st.tuples(st.just("raw"), ids, st.integers(0, 2), numbers)
snapshots = st.tuples(st.just("snapshot"), st.dictionaries(ids, st.tuples(lists, ages)))
links = st.sampled_from([("lost",), ("connected",), ("restarted",)])
register = st.tuples(st.just("register"), ids, st.lists(st.sampled_from(UIDS), unique=True))

version_1 = st.one_of(updates, updates, updates, raws, raws, snapshots, links)
# Not restarted: a connector keeps its number as long as a consumer has it.
breaks = st.sampled_from([("lost",), ("connected",)])
words = st.one_of(word_reports, word_reports, word_reports, breaks, register)
seconds = st.sampled_from([0, 1, 60, 7200, WEEK + 1])
joining = st.sampled_from(["", "", "join", "leave", "behind"])


def script(actions: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    tick = st.tuples(st.lists(actions, max_size=6), seconds, joining)
    return st.lists(tick, min_size=1, max_size=6)


def perform(source: Source, action: Any) -> None:
    now = source.now
    match action:
        case ("word", station_id, uid, word):
            source.apply(ConnectorReport(station_id, uid, connector_from(word), now))
        case ("update", station_id, connectors, known):
            source.apply(StationReport(Station(station_id, dated(connectors, now, known)), now))
        case ("raw", station_id, index, connector):
            source.apply(RawReport(station_id, index, dated([connector], now, [1])[0], now))
        case ("snapshot", stations):
            listed = [Station(i, dated(c, now, a)) for i, (c, a) in stations.items()]
            source.apply(Snapshot(listed, now))
        case ("lost",):
            source.apply(Lost("gone", now, now))
        case ("connected",):
            source.apply(Connected(now))
        case ("restarted",):
            source.apply(Restarted(now))
        case ("register", station_id, uids):
            facts = {station_id: Facts(plugs=(Plug(),) * len(uids), plug_evse_uids=tuple(uids))}
            source.register.replace(facts)
            source.updater.touch(source.board.use_register(source.register))


def check(ticks: Any) -> None:
    source = Source()
    source.apply(Connected(source.now))
    followers: list[Follower] = []
    lagging: list[Follower] = []
    for actions, pause, change in ticks:
        for action in actions:
            perform(source, action)
        delivery = source.served.apply(source.batch(), needed=bool(followers + lagging))
        if delivery is not None:
            for follower in followers:
                follower.receive(delivery, source.now)
            for follower in lagging:
                follower.receive(delivery, source.now, raws=False)
        if change == "join":
            follower = Follower()
            follower.connect(source.now)
            follower.receive(source.served.snapshot(), source.now)
            followers.append(follower)
        elif change == "leave" and followers:
            followers.pop(0)
        elif change == "behind" and followers:
            lagging.append(followers.pop())
        wanted = shown(source.board, source.now)
        for follower in followers:
            assert shown(follower.board, source.now) == wanted
        for follower in lagging:
            # What only raw reports say, it does not know.
            held = shown(follower.board, source.now)
            assert {i: [each[:5] for each in s] for i, s in held.items()} == {
                i: [each[:5] for each in s] for i, s in wanted.items()
            }
        source.clock.advance(pause)


@pytest.mark.slow
@settings(max_examples=40)
@given(script(version_1))
def test_followers_of_version_1_show_what_the_hub_shows(ticks: Any) -> None:
    check(ticks)


@settings(max_examples=40)
@given(script(words))
def test_followers_of_words_show_what_the_hub_shows(ticks: Any) -> None:
    check(ticks)


def test_hub_of_a_hub_says_what_that_says_of_its_data() -> None:
    board, about = Board(), HubState(source="a hub", credit="CREDIT")
    own = state_of(board, LinkState(LinkPhase.LIVE), about, START)
    assert (own.source, own.simulated, own.credit) == ("a hub", False, "CREDIT")
    board.hub = HubState(simulated=True, credit="theirs")
    relayed = state_of(board, LinkState(LinkPhase.LIVE), about, START)
    assert (relayed.source, relayed.simulated, relayed.credit) == ("a hub", True, "theirs")
    layer = MapLayer(about).encode(
        board, Register(), parse_map_filter("", Places(Register())), START
    )
    assert b'"credit":"theirs","simulated":true' in layer
