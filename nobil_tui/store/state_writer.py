"""How a board outlasts its session: what changed on it is handed to a keeper, a slice of time at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from nobil_tui.base.tasks import SLICE_SECONDS, yield_to_loop
from nobil_tui.charging.board import Board
from nobil_tui.charging.persisted import StoredBoard, StoredStation

REST = 10
"""Handing over rests for so many times as long as it took: a flood touches every station again and again."""
PORTION = 64
"""Stations that are packed together: few enough for a slice."""

Packed = Sequence[bytes]
"""Stations by the portion. As an object each, those of a country would take a third of the room that the board takes,
and Python gives so small objects' room back to nobody."""

_pack = msgspec.json.Encoder().encode
_unpack = msgspec.json.Decoder(list[tuple[str, msgspec.Raw]]).decode


def pack(stations: Sequence[tuple[str, StoredStation | None]]) -> bytes:
    """Pack a portion: stations by their names, None for one that is gone."""
    return _pack(stations)


def unpack(packed: Packed) -> Iterator[tuple[str, bytes | None]]:
    """Take portions apart: the names, and each ``StoredStation`` as JSON."""
    for portion in packed:
        for name, kept in _unpack(portion):
            said = bytes(kept)
            yield name, None if said == b"null" else said


class Keeper(Protocol):
    """Something that keeps stations for a later session. None of it raises what a disk can cause."""

    @property
    def writing(self) -> bool:
        """Whether it takes what is saved; another program may be the one that does."""
        ...

    @property
    def wants_all(self) -> bool:
        """Whether this session did not begin with what it has: it needs all stations before it takes single ones."""
        ...

    def load(self) -> StoredBoard:
        """Return what is kept. It may take its time, so it is called in a thread, before anything is saved."""
        ...

    def save(self, stations: Packed, breaks: int, alive_at: int, *, whole: bool = False) -> None:
        """Keep packed stations, and forget those that are None; ``whole``: and all others. Returns at once.

        ``breaks`` and ``alive_at`` (ms) are what ``DowntimeClock.checkpoint`` returns.
        """
        ...


class Keeping:
    """Brings one board and one keeper together."""

    def __init__(self, board: Board, keeper: Keeper) -> None:
        self._board = board
        self._keeper = keeper
        self._stations: set[str] = set()
        self._whole = False
        self._alive_at = 0
        self._rests_until = 0.0

    async def restore(self, now: Callable[[], int]) -> bool:
        """Put what is kept on the board, unless it holds something already; tells whether there was anything."""
        if self._board.stations:
            return False
        stored = await asyncio.to_thread(self._keeper.load)
        # What is unknown by its age is kept so.
        self._stations.update(self._board.restore(stored, now()))
        return bool(self._board.stations)

    def note(self, stations: Iterable[str], alive_at: int, *, whole: bool = False) -> None:
        """Note which stations are to be handed over, and when the link was last alive, in ms; zero before it was.

        ``whole``: all of them, and those that are gone.
        """
        self._stations.update(stations)
        self._alive_at = alive_at
        self._whole |= whole

    async def hand_over(self) -> None:
        """Hand over what was noted; after much of it, only the next time that it is asked to once it has rested."""
        began = time.perf_counter()
        if not self._keeper.writing or began < self._rests_until:
            return
        stations, whole = self._begin()
        kept: list[bytes] = []
        slice_end = began + SLICE_SECONDS
        try:
            for portion in self._portions(stations):
                kept.append(portion)
                if time.perf_counter() > slice_end:
                    await yield_to_loop()
                    slice_end = time.perf_counter() + SLICE_SECONDS
        except asyncio.CancelledError:
            self._stations.update(stations)
            self._whole |= whole
            raise
        took = time.perf_counter() - began
        if took > SLICE_SECONDS:
            self._rests_until = began + took * REST
        self._save(kept, whole)

    def finish(self) -> None:
        """Hand over what is left, at one stroke."""
        if self._keeper.writing:
            stations, whole = self._begin()
            self._save(list(self._portions(stations)), whole)

    def _begin(self) -> tuple[list[str], bool]:
        noted, whole = self._stations, self._whole or self._keeper.wants_all
        self._stations, self._whole = set(), False
        return list(self._board.stations if whole else noted), whole

    def _portions(self, stations: list[str]) -> Iterator[bytes]:
        stored = self._board.stored
        for begin in range(0, len(stations), PORTION):
            yield pack([(station, stored(station)) for station in stations[begin : begin + PORTION]])

    def _save(self, kept: Packed, whole: bool) -> None:
        # Before the link was alive, nothing is known that is not kept already.
        if self._alive_at:
            breaks, alive_at = self._board.downtime.checkpoint(self._alive_at)
            self._keeper.save(kept, breaks, alive_at, whole=whole)
