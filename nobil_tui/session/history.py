"""The history of a session: recorded from a real source, made up for a simulated one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Register
from nobil_tui.config.model import RecordMode
from nobil_tui.session.settings import Settings

if TYPE_CHECKING:
    from nobil_tui.history.sink import HistorySink
    from nobil_tui.history.statistics import StationHistory
    from nobil_tui.history.store import HistoryStore

RecordedStations = Callable[[], Collection[str] | None]
"""Returns the stations whose changes are stored, None for all."""


def recorded_stations(settings: Settings) -> RecordedStations | None:
    """Return what selects the stations whose changes the settings want recorded; None for no
    recording."""
    match settings.config.history.record:
        case RecordMode.STARRED:
            return lambda: settings.starred
        case RecordMode.ALL:
            return lambda: None
        case RecordMode.OFF:
            return None


class SessionHistory:
    """Record and read the history of one session at ``path``.

    ``recorded``: None if nothing is to be recorded; the stored history can still be read. Modules
    that only recording or a simulation needs are imported there.
    """

    def __init__(self, path: Path, zone: tzinfo | None, recorded: RecordedStations | None) -> None:
        self.zone = zone
        """The time zone of the hours of a profile; None for this machine's."""
        self._path = path
        self._recorded = recorded
        self._store: HistoryStore | None = None
        self._notice = ""
        self._lock = threading.Lock()
        self._closed = False

    @property
    def notice(self) -> str:
        """What went wrong with the history; empty if nothing did."""
        return (self._store.notice if self._store is not None else "") or self._notice

    @property
    def records(self) -> bool:
        """Whether anything is to be recorded."""
        return self._recorded is not None

    def open(self, board: Board, now: Callable[[], int]) -> HistorySink | None:
        """Open the file and return a sink that records; None if nothing is to be recorded, for
        example from a hub that serves a simulation. May block."""
        if self._recorded is None or (board.hub is not None and board.hub.simulated):
            return None
        from nobil_tui.history.hours import LocalHours
        from nobil_tui.history.sink import HistorySink
        from nobil_tui.history.store import HistoryStore

        store = HistoryStore.open(self._path)
        with self._lock:
            if not self._closed:
                self._store = store
                return HistorySink(board, store, LocalHours(self.zone), self._recorded, now)
        # The session was closed meanwhile without this store, which would keep its lock.
        store.close()
        return None

    def close(self) -> None:
        """Write the rest. May block for a moment."""
        with self._lock:
            self._closed = True
        if self._store is not None:
            self._store.close()

    async def read(self, station: str, since: int) -> StationHistory:
        """Read the history of a station, with its changes from a time (ms) on."""
        from nobil_tui.history.store import read_station

        return await run_in_thread(lambda: read_station(self._path, station, since, self._complain))

    def _complain(self, text: str) -> None:
        self._notice = text


async def simulated_history(
    station_id: str, board: Board, register: Register, now: int, zone: tzinfo | None
) -> StationHistory:
    """Make up the history of a station of the simulation."""
    from nobil_tui.history.hours import LocalHours
    from nobil_tui.history.simulated import simulate_history
    from nobil_tui.history.statistics import StationHistory

    station = board.stations.get(station_id)
    if station is None:
        return StationHistory(station_id)
    connectors, facts = list(station.connectors), register.facts(station_id)
    hours = LocalHours(zone)
    return await run_in_thread(lambda: simulate_history(station_id, connectors, facts, now, hours))
