"""The sink that evaluates alerts on each batch of a monitor, with or without a screen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import tzinfo

from nobil_tui.alerts.evaluation import Evaluator, Sighting, Subject
from nobil_tui.alerts.firing import Firing, RuleContext, make_firing
from nobil_tui.alerts.state import AlertState, Update
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.board import Board
from nobil_tui.charging.geo import Position
from nobil_tui.charging.register import Register
from nobil_tui.config.alert_rules import AlertKey, AlertRule
from nobil_tui.monitor.batch import Batch, Note, NoteKind

logger = logging.getLogger(__name__)


class AlertSink:
    """Compares each batch with what the alerts saw last, and calls ``on_fired`` for those that
    fire.

    ``rules`` returns the alerts as they are now; ``register``, ``home`` and ``now`` likewise.
    ``starred`` returns the set of the starred stations, which is shared with its owner.
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
        zone: tzinfo | None = None,
    ) -> None:
        self.state = state
        self._board = board
        self._rules = rules
        self._on_fired = on_fired
        self._register = register
        self._now = now
        self._zone = zone
        self._evaluator = Evaluator(board, register, home, starred)
        self._loaded = False
        self._known: set[AlertKey] = set()
        """The alerts that were evaluated before."""
        self._pending: list[Update] = []
        self._removed: set[AlertKey] = set()
        self._disarmed: set[AlertKey] = set()
        """Alerts that fired once; when they did is kept."""
        self._claiming = False
        """Whether something is being stored that was not delivered yet."""

    def arm(self, rule: AlertRule) -> None:
        """Note what a new alert sees now, so that only a later change fires it.

        An alert of an area begins with the next batch.
        """
        self._removed.discard(rule.key)
        self._disarmed.discard(rule.key)
        if rule.station:
            self._begin(rule, replaces=True)

    def adopt(self) -> bool:
        """Begin with alerts that another program added; return whether one is of an area."""
        if not self._loaded:
            return False
        stored = {subject.key for subject in self._evaluator.seen}
        return self.begin(rule for rule in self._rules() if rule.key not in self._known | stored)

    def begin(self, rules: Iterable[AlertRule]) -> bool:
        """Begin with what the stations of alerts report now; return whether one is of an area,
        which begins with the next batch."""
        areas = False
        for rule in rules:
            if rule.station:
                self._begin(rule, replaces=False)
            else:
                areas = True
        return areas

    def _begin(self, rule: AlertRule, *, replaces: bool) -> None:
        now = self._now()
        self._known.add(rule.key)
        if (sighting := self._evaluator.arm(rule, now)) is not None:
            self._pending.append(_update(sighting, now)._replace(replaces=replaces))

    def disarm(self, key: AlertKey, *, fired: bool = False) -> None:
        """Forget what a removed alert saw, and unless it ``fired`` for once, when it last did."""
        self._evaluator.forget({key})
        self._known.discard(key)
        self._pending = [each for each in self._pending if each.key != key]
        (self._disarmed if fired else self._removed).add(key)

    @property
    def fired(self) -> Mapping[AlertKey, int]:
        """When alerts last fired, in ms, also those for once, until they are removed."""
        return {key: at for key, at in self.state.fired.items() if key not in self._removed}

    @property
    def selections(self) -> int:
        """How often the stations of areas were selected: they are others only if this changed."""
        return self._evaluator.selections

    def area_stations(self) -> set[str]:
        """Return the stations of the areas that alerts watch which are not paused."""
        areas = (rule for rule in self._rules() if not rule.station and not rule.paused)
        return set().union(*(self._evaluator.states(rule) for rule in areas))

    async def take(self, batch: Batch) -> None:
        """Evaluate the alerts on a batch."""
        if not self._loaded:
            await self._load()
        if any(
            isinstance(each, Note) and each.kind is NoteKind.RESTARTED for each in batch.entries
        ):
            # All that was seen is void.
            self._evaluator.clear()
            self._known.clear()
        now = self._now()
        sightings = await self._evaluate(batch, now)
        updates = [*self._pending, *(_update(each, now) for each in sightings)]
        if not updates and not self._removed and not self._disarmed:
            return
        arming, self._pending = len(self._pending), []
        removed, self._removed = self._removed, set()
        disarmed, self._disarmed = self._disarmed, set()
        self._claiming = True
        claimed = await run_in_thread(lambda: self.state.store(updates, removed, disarmed))
        self._claiming = False
        for sighting, first in zip(sightings, claimed[arming:], strict=True):
            if sighting.fires and not sighting.rule.paused:
                self._fire(sighting, batch, now, first)

    def finish(self, batch: Batch) -> None:
        """Close the state; what is in the last batch is found by the next session."""
        # A change that was stored just now but not delivered is as good as not seen.
        if self._claiming:
            self.state.release()
        if self._pending or self._removed or self._disarmed:
            self.state.store(self._pending, self._removed, self._disarmed)
        self.state.close()

    async def _load(self) -> None:
        seen = await run_in_thread(self.state.load)
        keys = {rule.key for rule in self._rules()}
        for (key, station), value in seen.items():
            if key in keys:
                self._evaluator.seen.setdefault(Subject(key, station), value)
            else:
                self._disarmed.add(key)
        self._loaded = True

    async def _evaluate(self, batch: Batch, now: int) -> list[Sighting]:
        rules = list(self._rules())
        keys = {rule.key for rule in rules}
        self._evaluator.forget(self._known - keys)
        stored = {subject.key for subject in self._evaluator.seen}
        new = [rule for rule in rules if rule.key not in self._known and rule.key not in stored]
        fresh = {rule.key for rule in new}
        self._known = keys
        # What is only restored was seen by the session before; a new alert begins with it.
        touched: Collection[str] | None = batch.touched
        if batch.whole:
            touched = () if batch.restored else None
        known = [rule for rule in rules if rule.key not in fresh]
        sightings = await self._evaluator.evaluate(new, None, now)
        if touched is None or touched:
            sightings += await self._evaluator.evaluate(known, touched, now)
        return sightings

    def _fire(self, sighting: Sighting, batch: Batch, now: int, first: bool) -> None:
        rule, evaluator = sighting.rule, self._evaluator
        stations = evaluator.states(rule)
        if sighting.subject.station:
            stations = {sighting.subject.station: sighting.total}
        context = RuleContext(
            self._board, self._register(), evaluator.query_of(rule), batch.entries, now, self._zone
        )
        firing = make_firing(rule, sighting.total, stations, context)
        if firing is None:
            return
        logger.info("alert: %s: %s", firing.title, firing.summary)
        self._on_fired(firing._replace(first=first))


def _update(sighting: Sighting, now: int) -> Update:
    fires = sighting.fires and not sighting.rule.paused
    subject = sighting.subject
    return Update(subject.key, subject.station, sighting.before, sighting.after, fires, now)
