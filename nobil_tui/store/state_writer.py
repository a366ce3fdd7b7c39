"""The state writer: a sink that stores what changes on the board for a later session."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from nobil_tui.base.tasks import SLICE_SECONDS, yield_to_loop
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import HubState
from nobil_tui.charging.persisted import StoredBoard, StoredStation
from nobil_tui.monitor.batch import Batch

PAUSE_FACTOR = 10
"""A pause lasts this many times as long as the turn before it."""
PORTION = 64
"""How many stations are packed together: few enough for one slice."""
MAX_STORED_AT_END = 100_000
"""The most stations that are stored at the end; more than a country has."""

logger = logging.getLogger(__name__)

Packed = Sequence[bytes]
"""Stations in portions. As one object each, those of a country would take a third of the board's
memory, and Python does not return the memory of such small objects to the OS."""

_pack = msgspec.json.Encoder().encode
_unpack = msgspec.json.Decoder(list[tuple[str, msgspec.Raw]]).decode


def pack(stations: Sequence[tuple[str, StoredStation | None]]) -> bytes:
    """Pack a portion of stations with their ids; None for a station that is gone."""
    return _pack(stations)


def unpack(packed: Packed) -> Iterator[tuple[str, bytes | None]]:
    """Yield the stations of all portions: their ids, and each ``StoredStation`` as JSON."""
    for portion in packed:
        for name, raw in _unpack(portion):
            state = bytes(raw)
            yield name, None if state == b"null" else state


class StateStorage(Protocol):
    """Storage of stations for a later session. Its methods raise nothing that a disk can cause."""

    @property
    def writing(self) -> bool:
        """Whether it accepts ``save``; another program may be the writer."""
        ...

    @property
    def wants_all(self) -> bool:
        """Whether it holds another session's state: it needs all stations before single ones."""
        ...

    def load(self) -> StoredBoard:
        """Return the last known state. Blocks; called in a thread, before the first ``save``."""
        ...

    def save(
        self,
        stations: Packed,
        downtime: int,
        alive_at: int,
        *,
        whole: bool = False,
        hub: HubState | None = None,
    ) -> None:
        """Store packed stations and remove stations of None; ``whole``: remove all others too.

        ``downtime`` and ``alive_at`` (ms) are what ``DowntimeClock.checkpoint`` returns; ``hub`` is
        that of the board. Returns at once.
        """
        ...


class StateWriter:
    """Store the state of a board for a later session, as a sink of its monitor.

    Stations are packed in slices of time. After a long turn it asks for a pause of ``PAUSE_FACTOR``
    times as long, since a flood of reports touches every station again and again.
    """

    def __init__(self, board: Board, storage: StateStorage) -> None:
        self._board = board
        self._storage = storage
        self._stations: set[str] = set()
        self._whole = False
        self._alive_at = 0

    async def restore(self, now: int) -> bool:
        """Fill the board with the last known state, at ``now`` (ms); return whether there was
        one."""
        stored = await asyncio.to_thread(self._storage.load)
        # Connectors that expired are stored as such.
        self._stations.update(self._board.restore(stored, now))
        return bool(self._board.stations)

    async def take(self, batch: Batch) -> float | None:
        """Store the stations of a batch; return the pause to make after a long turn."""
        self._note(batch)
        if not self._storage.writing:
            return None
        began = time.perf_counter()
        stations, whole = self._begin()
        packed: list[bytes] = []
        slice_end = began + SLICE_SECONDS
        try:
            for portion in self._portions(stations):
                packed.append(portion)
                if time.perf_counter() > slice_end:
                    await yield_to_loop()
                    slice_end = time.perf_counter() + SLICE_SECONDS
        except asyncio.CancelledError:
            self._stations.update(stations)
            self._whole |= whole
            raise
        took = time.perf_counter() - began
        self._save(packed, whole)
        return took * PAUSE_FACTOR if took > SLICE_SECONDS else None

    def finish(self, batch: Batch) -> None:
        """Store the rest at once.

        After a flood of new stations that would delay the end by seconds. Then the last stored
        state stays: as after a crash, a later session knows how old it is.
        """
        self._note(batch)
        if self._storage.writing:
            stations, whole = self._begin()
            if len(stations) > MAX_STORED_AT_END:
                logger.warning("%d stations were not stored, to end at once", len(stations))
                return
            self._save(list(self._portions(stations)), whole)

    def _note(self, batch: Batch) -> None:
        self._stations |= batch.touched
        self._stations.update(report.station_id for report in batch.raw_reports)
        self._alive_at = batch.alive_at
        self._whole |= batch.whole and not batch.restored

    def _begin(self) -> tuple[list[str], bool]:
        """Return the stations to store, and whether they are all, and forget them."""
        noted, whole = self._stations, self._whole or self._storage.wants_all
        self._stations, self._whole = set(), False
        return list(self._board.stations if whole else noted), whole

    def _portions(self, stations: list[str]) -> Iterator[bytes]:
        stored = self._board.stored
        for begin in range(0, len(stations), PORTION):
            yield pack(
                [(station, stored(station)) for station in stations[begin : begin + PORTION]]
            )

    def _save(self, packed: Packed, whole: bool) -> None:
        # Before the link was alive, everything known is stored already.
        if self._alive_at:
            downtime, alive_at = self._board.downtime.checkpoint(self._alive_at)
            hub = self._board.hub
            self._storage.save(packed, downtime, alive_at, whole=whole, hub=hub)
