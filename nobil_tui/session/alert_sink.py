"""The sink of a session's alerts, which costs nothing before the first alert."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.config.alert_rules import AlertKey, AlertRule
from nobil_tui.monitor.batch import Batch

if TYPE_CHECKING:
    from nobil_tui.alerts.sink import AlertSink


class AlertSinkOnDemand:
    """Passes batches to an ``AlertSink``, which ``create`` makes when there is an alert.

    Most programs have no alert: they need not open a file or load the modules at the start.
    ``are_others`` is called before each batch and returns whether the alerts were replaced, so that
    what they saw is void; ``on_batch`` is called after it.
    """

    def __init__(
        self,
        rules: Callable[[], Sequence[AlertRule]],
        create: Callable[[], AlertSink],
        are_others: Callable[[], bool],
        on_batch: Callable[[], Awaitable[None]],
    ) -> None:
        self._rules = rules
        self._create = create
        self._are_others = are_others
        self._on_batch = on_batch
        self._sink: AlertSink | None = None
        self._has_batch = False
        """Whether a batch arrived; the alerts before the first are not new."""

    @property
    def notice(self) -> str:
        """What went wrong with the state of the alerts; empty if nothing did."""
        return self._sink.state.notice if self._sink is not None else ""

    @property
    def fired(self) -> Mapping[AlertKey, int]:
        """When alerts last fired, in ms, as last read."""
        return self._sink.fired if self._sink is not None else {}

    async def read_fired(self) -> None:
        """Read when alerts last fired, in this or another program."""
        await run_in_thread(self._open().state.read_fired)

    @property
    def selections(self) -> int:
        """How often the stations of areas were selected."""
        return self._sink.selections if self._sink is not None else 0

    def area_stations(self) -> set[str]:
        """Return the stations of the areas of alerts that are not paused."""
        return self._sink.area_stations() if self._sink is not None else set()

    def arm(self, rule: AlertRule) -> None:
        """Note what a new alert sees now; see ``AlertSink.arm``."""
        self._open().arm(rule)

    def disarm(self, key: AlertKey, *, fired: bool = False) -> None:
        """Forget what a removed alert saw; see ``AlertSink.disarm``."""
        if self._sink is not None:
            self._sink.disarm(key, fired=fired)

    def adopt(self) -> bool:
        """Begin with alerts that another program added; return whether one is of an area."""
        if self._sink is not None:
            return self._sink.adopt()
        rules = self._rules()
        return self._has_batch and bool(rules) and self._open().begin(rules)

    async def take(self, batch: Batch) -> None:
        """Evaluate the alerts on a batch, if there are any."""
        self._has_batch = True
        if self._are_others() and self._sink is not None:
            self._sink.finish(batch)
            self._sink = None
        if self._sink is None and self._rules():
            self._open()
        if self._sink is not None:
            await self._sink.take(batch)
        await self._on_batch()

    def finish(self, batch: Batch) -> None:
        """Close the state of the alerts."""
        if self._sink is not None:
            self._sink.finish(batch)

    def _open(self) -> AlertSink:
        if self._sink is None:
            self._sink = self._create()
        return self._sink
