"""Record the history of a monitor's board, as one of its sinks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator
from typing import Protocol

from nobil_tui.base.tasks import SLICE_SECONDS, yield_to_loop
from nobil_tui.charging.board import Board, Change
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.observation import Observation, Portion
from nobil_tui.monitor.batch import MAX_ENTRIES, Batch, BatchEntry, LinkPhase, Note, NoteKind

MIN_SET_BACK = 60_000
"""If a connection begins this many ms before the end of the last one, the clock was set back. A
smaller difference does not matter."""
MAX_RECORDED_AT_END = 100_000
"""The most stations whose time is counted at the end; more than a country has."""

logger = logging.getLogger(__name__)

_DOWN = (
    NoteKind.NOT_LIVE,
    NoteKind.LOST,
    NoteKind.REFUSED,
    NoteKind.LOGIN_REFUSED,
    NoteKind.ENDED,
)


class HistoryStorage(Protocol):
    """Where a sink stores what it observes; see ``HistoryStore``."""

    @property
    def writing(self) -> bool:
        """Whether portions are stored: another program may be the writer."""
        ...

    def add(self, portion: Portion) -> None:
        """Store a portion. Returns at once."""
        ...


class HistorySink:
    """Record what happens on ``board`` in ``store``.

    ``recorded``: returns the stations whose changes are stored, None for all; profiles are stored
    for every station. ``now``: the time of the feed, in ms.
    """

    def __init__(
        self,
        board: Board,
        store: HistoryStorage,
        hours: LocalHours,
        recorded: Callable[[], Collection[str] | None],
        now: Callable[[], int],
    ) -> None:
        self._board = board
        self._store = store
        self._hours = hours
        self._recorded = recorded
        self._now = now
        self._stations = _copied(recorded())
        self._observation = Observation(board, hours, recorded=self._stations)
        self._writing = False
        self._every = False
        """Whether any station may have changed without an entry in a batch."""
        self._swept = 0
        """The time up to which the hours of every station were counted, in seconds."""

    async def take(self, batch: Batch) -> None:
        """Observe a batch in time slices, and pass the result to the store."""
        slice_end = time.perf_counter() + SLICE_SECONDS
        for _ in self._steps(batch):
            if time.perf_counter() > slice_end:
                await yield_to_loop()
                slice_end = time.perf_counter() + SLICE_SECONDS

    def finish(self, batch: Batch) -> None:
        """Observe the rest, count all time up to now, and pass the result to the store.

        After a flood of new stations that would delay the end by seconds. Then the rest is left
        out, as after a crash.
        """
        if len(self._board.stations) > MAX_RECORDED_AT_END:
            logger.warning("the last seconds were not recorded in the history, to end at once")
            return
        for _ in self._steps(batch):
            pass
        if self._writing:
            self._observation.finish(self._time(batch))
            self._store.add(self._observation.take_portion())

    def _steps(self, batch: Batch) -> Iterator[None]:
        """Observe a batch, step by step."""
        if not self._store.writing:
            self._writing = False
            return
        at, observation = batch.alive_at, self._observation
        # A flag and not a local variable: after a cancellation, the steps begin again with the
        # rest.
        self._every |= batch.whole or len(batch.entries) >= MAX_ENTRIES
        if not self._writing:
            # No earlier observation was stored, so the observation begins here.
            self._writing = True
            observation = self._begin_again()
            if batch.link.phase is LinkPhase.LIVE:
                observation.begin(at)
        for entry in batch.entries:
            if isinstance(entry, Note) and self._is_earlier(entry):
                yield from observation.advance(observation.ended)
                observation.finish(observation.ended)
                self._store.add(observation.take_portion())
                observation = self._begin_again()
            self._observe(entry)
            yield
        self._follow_link(batch)
        self._follow_stars(at)
        yield from self._confirm(batch)
        yield from self._sweep()
        self._store.add(observation.take_portion())

    def _begin_again(self) -> Observation:
        """Replace the observation by a new one, which begins with what the board knows."""
        self._every, self._swept = True, 0
        self._observation = Observation(self._board, self._hours, recorded=self._stations)
        return self._observation

    def _is_earlier(self, note: Note) -> bool:
        """Return whether a connection begins before the end of the last one: its time would not
        count until the clock has caught up."""
        before = note.at < self._observation.ended - MIN_SET_BACK
        return note.kind is NoteKind.CONNECTED and before

    def _observe(self, entry: BatchEntry) -> None:
        observation = self._observation
        if isinstance(entry, Change):
            observation.apply(entry)
        elif entry.kind is NoteKind.CONNECTED:
            observation.begin(entry.at)
        elif entry.kind in _DOWN:
            observation.end(entry.at)
        elif entry.kind is NoteKind.RESTARTED:
            observation.restart(entry.at)

    def _follow_link(self, batch: Batch) -> None:
        """Follow the link's state, in case the note of it was dropped under a flood."""
        if batch.link.phase is LinkPhase.LIVE:
            self._observation.begin(batch.alive_at)
            self._observation.listen(self._time(batch))
        elif self._observation.live:
            self._observation.end(batch.alive_at)

    def _follow_stars(self, at: int) -> None:
        recorded = self._recorded()
        if recorded != self._stations:
            self._stations = _copied(recorded)
            self._observation.record(self._stations, at)

    def _confirm(self, batch: Batch) -> Iterator[None]:
        at, observation = batch.alive_at, self._observation
        if not observation.live:
            return
        if self._every:
            for station in {*self._board.stations, *observation.stations}:
                observation.confirm(station, at, all_of_it=True)
                yield
            self._every = False
            return
        for station in batch.expired:
            observation.confirm(station, at, all_of_it=True)
            yield
        for station in batch.touched.union(report.station_id for report in batch.raw_reports):
            observation.confirm(station, at)
            yield

    def _sweep(self) -> Iterator[None]:
        """Once an hour, count the hour of every station, so that it is stored."""
        now = self._now()
        began = self._hours.at(now // 1000).began
        if began <= self._swept:
            return
        if self._swept and self._observation.live:
            yield from self._observation.advance(began * 1000)
            self._observation.forget_listening(began * 1000)
        self._swept = began

    def _time(self, batch: Batch) -> int:
        """Return the time up to which a batch is complete."""
        if batch.link.phase is LinkPhase.LIVE:
            return max(batch.alive_at, self._now())
        return batch.alive_at or self._now()


def _copied(stations: Collection[str] | None) -> set[str] | None:
    return None if stations is None else set(stations)
