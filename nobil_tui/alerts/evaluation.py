"""Evaluate alerts on the board: find the ones that fire, compared with what each last saw."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from nobil_tui.alerts.rules import Seen, armed, count, fires, see
from nobil_tui.base.tasks import SLICE_SECONDS, run_in_thread, yield_to_loop
from nobil_tui.charging.board import Board
from nobil_tui.charging.geo import Position
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Summary
from nobil_tui.config.alert_rules import AlertKey, AlertRule, AlertWhen
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.index import StationIndex
from nobil_tui.search.query import Query

NOTHING = Summary(0, 0, 0, 0, 0)


class Subject(NamedTuple):
    """The subject of an alert: a station, or the sum of an area, whose ``station`` is empty."""

    key: AlertKey
    station: str = ""


class Sighting(NamedTuple):
    """Something that an alert had not seen before."""

    rule: AlertRule
    subject: Subject
    before: Seen | None
    after: Seen
    fires: bool
    """Whether the alert fires, as far as this program knows."""
    total: Summary


class _Area:
    """The counts of the stations that the filter of one alert selects."""

    def __init__(self) -> None:
        self.stations: dict[str, Summary] = {}
        self.total = NOTHING
        """The counts of all stations together."""
        self.valid_for: object = None
        """The inputs of the selection, which is made again when they change."""

    def clear(self) -> None:
        """Drop all counts."""
        self.stations.clear()
        self.total = NOTHING

    def put(self, station: str, summary: Summary) -> None:
        """Count a station, and replace its previous counts."""
        before = self.stations.get(station, NOTHING)
        self.stations[station] = summary
        if summary is not before:
            columns = zip(_counts(self.total), _counts(before), _counts(summary), strict=True)
            self.total = Summary(*(total - old + new for total, old, new in columns))


def _counts(summary: Summary) -> tuple[int, int, int, int, int]:
    return summary.free, summary.total, summary.in_use, summary.faults, summary.unknown


class Evaluator:
    """Compares the board with what each alert last saw.

    ``seen`` may be filled from a file before the first evaluation. ``home`` is the position for
    filters without coordinates.
    """

    def __init__(
        self,
        board: Board,
        register: Callable[[], Register],
        home: Callable[[], Position | None],
        starred: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self.seen: dict[Subject, Seen] = {}
        self.selections = 0
        """How often the stations of an area were selected."""
        self._board = board
        self._register = register
        self._home = home
        self._starred = starred
        self._index: StationIndex | None = None
        self._index_of: Register | None = None
        self._areas: dict[AlertKey, _Area] = {}
        self._queries: dict[tuple[str, Position | None], Query] = {}
        self._queries_of: object = None
        """The register whose places the queries name, and its version."""

    def forget(self, keys: Collection[AlertKey]) -> None:
        """Drop what removed alerts saw."""
        if not keys:
            return
        for subject in [subject for subject in self.seen if subject.key in keys]:
            del self.seen[subject]
        for key in keys:
            self._areas.pop(key, None)

    def clear(self) -> None:
        """Drop everything: the stream starts over."""
        self.seen.clear()
        self._areas.clear()

    def query_of(self, rule: AlertRule) -> Query:
        """Return the parsed filter of an alert."""
        home, register = self._home(), self._register()
        if self._queries_of != (register, register.version):
            self._queries_of = register, register.version
            self._queries.clear()
        query = self._queries.get((rule.filter, home))
        if query is None:
            places = self._index_for(register).places
            query = self._queries[rule.filter, home] = parse_query(rule.filter, home, places)
        return query

    def _index_for(self, register: Register) -> StationIndex:
        if self._index is None or self._index_of is not register:
            self._index = StationIndex(register, self._starred())
            self._index_of = register
        return self._index

    def arm(self, rule: AlertRule, now: int) -> Sighting | None:
        """Note what a new alert of a station sees at ``now`` (ms), so that only a change fires
        it."""
        if not rule.station:
            return None
        summary = self._count(rule, rule.station)
        subject = Subject(rule.key, rule.station)
        after = armed(rule, NOTHING if summary is None else summary, now)
        if after is None:
            self.seen.pop(subject, None)
            return None
        self.seen[subject] = after
        return Sighting(rule, subject, None, after, False, summary or NOTHING)

    async def evaluate(
        self, rules: Iterable[AlertRule], touched: Collection[str] | None, now: int
    ) -> list[Sighting]:
        """Return what is new to the alerts in the touched stations (None: all) at ``now`` (ms)."""
        found: list[Sighting] = []
        for rule in rules:
            if rule.station:
                if touched is None or rule.station in touched:
                    summary = self._count(rule, rule.station)
                    if summary is not None:
                        found += self._compare(rule, Subject(rule.key, rule.station), summary, now)
                continue
            for subject, summary in await self._area_counts(rule, touched):
                found += self._compare(rule, subject, summary, now)
        return found

    def states(self, rule: AlertRule) -> Mapping[str, Summary]:
        """Return the counts of the stations that an alert watches, as last evaluated."""
        if rule.station:
            summary = self._count(rule, rule.station)
            return {} if summary is None else {rule.station: summary}
        area = self._areas.get(rule.key)
        return {} if area is None else area.stations

    def _compare(
        self, rule: AlertRule, subject: Subject, summary: Summary, now: int
    ) -> Iterator[Sighting]:
        before = self.seen.get(subject)
        after = see(rule, summary, before, now)
        if after is None or after == before:
            return
        self.seen[subject] = after
        yield Sighting(rule, subject, before, after, fires(before, after, now), summary)

    def _count(self, rule: AlertRule, station_id: str) -> Summary | None:
        station = self._board.stations.get(station_id)
        if station is None:
            return None
        return count(rule, self.query_of(rule), station, self._register())

    # Areas

    async def _area_counts(
        self, rule: AlertRule, touched: Collection[str] | None
    ) -> list[tuple[Subject, Summary]]:
        """Return the counts of an alert's subjects that may have changed."""
        area = self._areas.setdefault(rule.key, _Area())
        changed = await self._update(area, rule, touched)
        if not changed or not area.stations:
            return []
        if rule.when is AlertWhen.FREE:
            return [(Subject(rule.key), area.total)]
        counts = ((station, area.stations.get(station)) for station in changed)
        return [
            (Subject(rule.key, each), summary) for each, summary in counts if summary is not None
        ]

    async def _update(
        self, area: _Area, rule: AlertRule, touched: Collection[str] | None
    ) -> Collection[str]:
        """Count the connectors of an area again; return the stations that were counted."""
        register, query = self._register(), self.query_of(rule)
        starred = frozenset(self._starred()) if query.asks_starred else None
        valid_for = (register, register.version, self._board.membership, query, starred)
        if area.valid_for == valid_for and touched is not None:
            counted = [station for station in touched if station in area.stations]
        else:
            counted = await self._select(query, register)
            area.clear()
            area.valid_for = valid_for
            self.selections += 1
        slice_end = time.perf_counter() + SLICE_SECONDS
        for station in counted:
            area.put(station, self._count(rule, station) or NOTHING)
            if time.perf_counter() > slice_end:
                await yield_to_loop()
                slice_end = time.perf_counter() + SLICE_SECONDS
        return counted

    async def _select(self, query: Query, register: Register) -> list[str]:
        """Return the stations of the board that a filter selects; its states are ignored."""
        if query.problems:
            # The filter needs a home, and none is set.
            return []
        index, ids = self._index_for(register), list(self._board.stations)
        # Folding a whole country takes long; stations that are folded already cost nothing.
        index.adopt(await run_in_thread(lambda: index.prepare(ids)))
        return index.matching(ids, query.without_live(), self._board, 0)
