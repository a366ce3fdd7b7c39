"""Streams for the tests of alerts: boards, batches and instances that share a state file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nobil_tui.alerts.firing import Firing
from nobil_tui.alerts.sink import AlertSink
from nobil_tui.alerts.state import AlertState
from nobil_tui.charging.board import Board
from nobil_tui.charging.geo import Position
from nobil_tui.charging.persisted import StoredBoard, restore_station
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.monitor.batch import Batch, BatchEntry, LinkPhase, LinkState
from tests.conftest import FakeClock

FREE, OCCUPIED, FAULT, UNKNOWN = (0, 0), (1, 0), (0, 1), (-1, 0)
State = tuple[int, int]
LIVE = LinkState(LinkPhase.LIVE)


def station(id_: str, *states: State, at: int = 0) -> Station:
    return Station(id_, [Connector(*state, at) for state in states])


def register_of(**plugs: tuple[Plug, ...]) -> Register:
    """Return a register of stations in Oslo with these plugs."""
    return Register(
        {
            id_: Facts(name=f"Name of {id_}", place="Oslo", position=(59.9, 10.7), plugs=kinds)
            for id_, kinds in plugs.items()
        }
    )


class Instance:
    """One running program: a board, and the alerts on it."""

    def __init__(
        self,
        clock: FakeClock,
        rules: list[AlertRule],
        path: Path | None = None,
        register: Register | None = None,
        home: Position | None = None,
    ) -> None:
        self.clock = clock
        self.rules = rules
        self.fired: list[Firing] = []
        self.board = Board()
        self.register = register or Register()
        self.sink = AlertSink(
            self.board,
            AlertState(path),
            lambda: self.rules,
            self.fired.append,
            register=lambda: self.register,
            home=lambda: home,
            now=clock.now,
        )

    async def snapshot(self, stations: Iterable[Station]) -> None:
        result = self.board.apply_snapshot(list(stations), self.clock.now())
        entries: list[BatchEntry] = list(result.changes)
        await self.sink.take(Batch(LIVE, entries, whole=True))

    async def report(self, *stations: Station) -> None:
        """Apply reports of whole stations as one batch."""
        entries: list[BatchEntry] = []
        for each in stations:
            entries += self.board.apply_station(each, self.clock.now())
        await self.sink.take(Batch(LIVE, entries, {each.id for each in stations}))

    async def restore(self, before: Board) -> None:
        """Begin with the last known state of another board, as a session does."""
        downtime, alive_at = before.downtime.checkpoint(self.clock.now())
        kept = {id_: before.stored(id_) for id_ in before.stations}
        stations = {
            id_: restore_station(id_, stored, downtime)
            for id_, stored in kept.items()
            if stored is not None
        }
        self.board.restore(StoredBoard(stations, downtime, max(1, alive_at)), self.clock.now())
        await self.sink.take(Batch(LinkState(), whole=True, restored=True))

    def close(self) -> None:
        self.sink.finish(Batch(LIVE))
