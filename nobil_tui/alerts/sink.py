"""The sink that evaluates alerts on each batch of a monitor, with or without a screen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import tzinfo

from nobil_tui.alerts.claim import Claim, Update
from nobil_tui.alerts.due import DueRun
from nobil_tui.alerts.evaluation import Evaluator, Sighting, Subject
from nobil_tui.alerts.firing import Firing, RuleContext, make_firing
from nobil_tui.alerts.state import AlertState
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.board import Board
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.geo import Position
from nobil_tui.charging.register import Register
from nobil_tui.config.alert_rules import AlertKey, AlertRule
from nobil_tui.monitor.batch import Batch, Note, NoteKind

logger = logging.getLogger(__name__)


class AlertSink:
    """Compares each batch with what the alerts saw last, and calls ``on_fired`` for those that
    fire.

    ``rules`` returns the current alerts; ``register``, ``home`` and ``now`` return current values
    too. ``starred`` returns the set of the starred stations, which is shared with its owner.
    ``due`` returns the run of the hook for an alert that fires, None without a hook.
    """

    def __init__(
        self,
        board: Board,
        state: AlertState,
        rules: Callable[[], Sequence[AlertRule]],
        on_fired: Callable[[Firing], None],
        *,
        register: Callable[[], Register],
        home: Callable[[], Position | None],
        now: Callable[[], int],
        starred: Callable[[], Collection[str]] = tuple,
        due: Callable[[Firing], DueRun | None] = lambda _: None,
        zone: tzinfo | None = None,
    ) -> None:
        self.state = state
        self._board = board
        self._rules = rules
        self._on_fired = on_fired
        self._register = register
        self._now = now
        self._due = due
        self._zone = zone
        self._evaluator = Evaluator(board, register, home, starred)
        self._loaded = False
        self._known: set[AlertKey] = set()
        """The alerts that were evaluated before."""
        self._pending: list[Update] = []
        self._armed: set[AlertKey] = set()
        """Alerts that the user armed and that have not been evaluated yet."""
        self._removed: dict[AlertKey, int] = {}
        """Alerts that the user removed, each with the time in ms."""
        self._disarmed: dict[AlertKey, int] = {}
        """One-time alerts that fired, each with the time when it was disarmed. The time when it
        fired is kept."""
        self._claim: Claim | None = None
        """The claim that is being stored and was not delivered yet."""

    def arm(self, rule: AlertRule) -> None:
        """Note what a new alert sees now, so that only a later change fires it.

        An alert of an area begins with the next batch.
        """
        self._removed.pop(rule.key, None)
        self._disarmed.pop(rule.key, None)
        self._armed.add(rule.key)
        if rule.station:
            self._known.add(rule.key)
            self._begin(rule)

    def adopt(self) -> bool:
        """Begin with alerts that another program added; return whether one is of an area."""
        if not self._loaded:
            return False
        stored = {subject.key for subject in self._evaluator.seen}
        return self.begin(rule for rule in self._rules() if rule.key not in self._known | stored)

    def begin(self, rules: Iterable[AlertRule]) -> bool:
        """Begin with what the stations of alerts report now; return whether one is of an area,
        which begins with the next batch.

        What another program has stored of an alert replaces this with the next batch.
        """
        areas = False
        for rule in rules:
            if rule.station:
                self._begin(rule)
            else:
                areas = True
        return areas

    def _begin(self, rule: AlertRule) -> None:
        now = self._now()
        if (sighting := self._evaluator.arm(rule, now)) is not None:
            self._pending.append(self._update(sighting, now))
            self._armed.discard(rule.key)

    def disarm(self, key: AlertKey, *, fired: bool = False) -> None:
        """Forget what a removed alert saw. Also forget when it last fired, unless it ``fired`` as a
        one-time alert."""
        self._evaluator.forget({key})
        self._known.discard(key)
        self._armed.discard(key)
        self._pending = [each for each in self._pending if each.key != key]
        (self._disarmed if fired else self._removed)[key] = self._now()

    @property
    def fired(self) -> Mapping[AlertKey, int]:
        """When alerts last fired, in ms, including one-time alerts until they are removed."""
        return {key: at for key, at in self.state.fired.items() if key not in self._removed}

    @property
    def selections(self) -> int:
        """How often the stations of areas were selected: they can only differ if this changed."""
        return self._evaluator.selections

    def area_stations(self) -> set[str]:
        """Return the stations of the areas of alerts that are not paused."""
        areas = (rule for rule in self._rules() if not rule.station and not rule.paused)
        return set().union(*(self._evaluator.states(rule) for rule in areas))

    async def take(self, batch: Batch) -> None:
        """Evaluate the alerts on a batch."""
        if not self._loaded:
            await self._load()
        if any(
            isinstance(each, Note) and each.kind is NoteKind.RESTARTED for each in batch.entries
        ):
            # Everything that was seen is void.
            self._evaluator.clear()
            self._known.clear()
        now = self._now()
        sightings = await self._evaluate(batch, now)
        firings = self._firings(sightings, batch, now)
        updates = [
            self._update(sighting, now, firing)
            for sighting, firing in zip(sightings, firings, strict=True)
        ]
        self._armed.difference_update(update.key for update in updates)
        claim = self._claimed([*self._pending, *updates])
        if claim is None:
            return
        arming, self._pending = len(self._pending), []
        self._removed, self._disarmed = {}, {}
        self._claim = claim
        claimed = await run_in_thread(lambda: self.state.store(claim))
        self._claim = None
        for firing, first in zip(firings, claimed[arming:], strict=True):
            # The user may have removed it meanwhile.
            if firing is not None and firing.rule.key in self._known:
                logger.info("alert: %s: %s", firing.title, firing.summary)
                self._on_fired(firing._replace(first=first))
        if claim.refused:
            # They begin with a later batch.
            self._evaluator.forget(claim.refused)
            self._known -= claim.refused

    def finish(self, batch: Batch) -> None:
        """Close the state; the next session finds the changes of the last batch."""
        claim = self._claim
        # Take back a change that was stored just now but not delivered.
        if claim is not None and not self.state.release(claim):
            begun = [update for update in claim.updates if update.before is None]
            self._pending = [*begun, *self._pending]
            self._removed = {**claim.removed, **self._removed}
            self._disarmed = {**claim.disarmed, **self._disarmed}
        if (rest := self._claimed(self._pending)) is not None:
            self.state.store(rest)
        self.state.close()

    def _claimed(self, updates: Sequence[Update]) -> Claim | None:
        """Return the changes to store; None if there are none."""
        if not updates and not self._removed and not self._disarmed:
            return None
        return Claim(updates, self._removed, self._disarmed)

    async def _load(self) -> None:
        keys, now = {rule.key for rule in self._rules()}, self._now()
        await run_in_thread(lambda: self.state.load(keys, now))
        self._loaded = True

    async def _evaluate(self, batch: Batch, now: int) -> list[Sighting]:
        rules = list(self._rules())
        keys = {rule.key for rule in rules}
        self._evaluator.forget(self._known - keys)
        fresh, self._known = keys - self._known, keys
        new = fresh - await self._resume(fresh - self._armed)
        # The session before saw the restored state; a new alert begins with it.
        touched: Collection[str] | None = batch.touched
        if batch.whole:
            touched = () if batch.restored else None
        begun = [rule for rule in rules if rule.key in new]
        sightings = await self._evaluator.evaluate(begun, None, now)
        if touched is None or touched:
            others = [rule for rule in rules if rule.key not in new]
            # The instance that armed an alert may have been behind: use what this program knows.
            stations = {rule.station for rule in others if rule.key in fresh and self._knows(rule)}
            touched = touched if touched is None else stations.union(touched)
            sightings += await self._evaluator.evaluate(others, touched, now)
        return sightings

    def _knows(self, rule: AlertRule) -> bool:
        """Return whether the station of an alert is confirmed on the board."""
        station, board, now = self._board.stations.get(rule.station), self._board, self._now()
        return station is not None and all(
            board.unconfirmed_for(station, index, now) <= SLIGHT
            for index in range(len(station.connectors))
        )

    async def _resume(self, keys: set[AlertKey]) -> set[AlertKey]:
        """Continue with what alerts saw in another session or instance; return those that saw
        anything."""
        if not keys:
            return set()
        seen = await run_in_thread(lambda: self.state.seen(keys))
        for (key, station), value in seen.items():
            self._evaluator.seen[Subject(key, station)] = value
        return {key for key, _ in seen}

    def _firings(
        self, sightings: Sequence[Sighting], batch: Batch, now: int
    ) -> list[Firing | None]:
        """Return the description of each sighting that fires; a one-time alert fires once."""
        firings: list[Firing | None] = []
        fired: set[AlertKey] = set()
        for sighting in sightings:
            rule, firing = sighting.rule, None
            if sighting.fires and not rule.paused and rule.key not in fired:
                firing = self._firing(sighting, batch, now)
            if firing is not None and not rule.repeat:
                fired.add(rule.key)
            firings.append(firing)
        return firings

    def _firing(self, sighting: Sighting, batch: Batch, now: int) -> Firing | None:
        rule, evaluator = sighting.rule, self._evaluator
        stations = evaluator.states(rule)
        if sighting.subject.station:
            stations = {sighting.subject.station: sighting.total}
        context = RuleContext(
            self._board, self._register(), evaluator.query_of(rule), batch.entries, now, self._zone
        )
        return make_firing(rule, sighting.total, stations, context)

    def _update(self, sighting: Sighting, now: int, firing: Firing | None = None) -> Update:
        subject, rule = sighting.subject, sighting.rule
        return Update(
            subject.key,
            subject.station,
            sighting.before,
            sighting.after,
            firing is not None,
            now,
            replaces=rule.key in self._armed,
            once=not rule.repeat,
            due=self._due(firing) if firing is not None else None,
        )
