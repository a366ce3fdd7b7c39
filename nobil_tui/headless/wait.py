"""Wait until a station is free, has a fault or works: ``nobil-tui wait``."""

from __future__ import annotations

from contextlib import aclosing

from nobil_tui.alerts.rules import wanted_condition
from nobil_tui.base.tasks import run_until_first
from nobil_tui.charging.board import Change
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.station import Station
from nobil_tui.config.alert_rules import AlertWhen
from nobil_tui.headless.link_reporter import LinkReporter, Print
from nobil_tui.headless.station_choice import StationChoice
from nobil_tui.monitor.batch import Batch, LinkPhase
from nobil_tui.session.session import Session


class Wait:
    """Wait until a chosen station of an open session is in the wanted state; ``run`` returns the
    change.

    A station in that state from the start counts too, but only if the stream confirmed it at most
    two minutes ago. It works if no selected connector has a fault. ``timeout`` is in seconds; None
    waits forever.
    """

    def __init__(
        self,
        session: Session,
        choice: StationChoice,
        until: AlertWhen,
        print_message: Print,
        *,
        timeout: float | None = None,
    ) -> None:
        self._session = session
        self._choice = choice
        self._until = until
        self._reporter = LinkReporter(session.source.name, print_message)
        self._timeout = timeout

    async def run(self) -> Change | None:
        """Return the change, without ``before`` if there was none to wait for; None on timeout or
        at the end.

        Raises ``KeyRefusedError`` and ``UnknownStationError``.
        """
        if self._timeout is None:
            return await self._read()
        return await run_until_first(self._read(), self._session.options_clock.sleep(self._timeout))

    async def _read(self) -> Change | None:
        async with aclosing(self._session.batches()) as batches:
            async for batch in batches:
                self._reporter.report(batch, self._session.counts)
                self._choice.update()
                if (change := self._find(batch)) is not None:
                    return change
                self._reporter.raise_if_refused(batch.link)
                if batch.link.phase is LinkPhase.ENDED:
                    break
        self._choice.finish()
        return None

    def _find(self, batch: Batch) -> Change | None:
        board, now = self._session.board, self._session.clock.now()
        # An id that is only found now may belong to a station that was reported earlier.
        every = batch.whole or self._choice.ids is not None
        reported = board.stations if every else batch.touched
        for station_id in self._choice.matching(list(reported), now):
            station = board.stations.get(station_id)
            index = self._met_by(station, now) if station is not None else None
            if station is not None and index is not None:
                return _change_of(batch, station, index, now)
        return None

    def _met_by(self, station: Station, now: int) -> int | None:
        """Return the index of the first connector in the wanted state, if the station is in it;
        else None."""
        board, choice = self._session.board, self._choice
        selected = [
            (index, connector.condition)
            for index, connector in enumerate(station.connectors)
            if choice.selects(station.id, index, if_unknown=False)
        ]
        # A fault that is not confirmed counts too: as far as is known, it was not repaired.
        faulty = any(condition is Condition.FAULT for _, condition in selected)
        if self._until is AlertWhen.WORKS and faulty:
            return None
        return next(
            (
                index
                for index, condition in selected
                if wanted_condition(self._until, condition)
                # A snapshot may be a minute old, and snapshots that are polled two minutes.
                and board.unconfirmed_for(station, index, now) <= SLIGHT
            ),
            None,
        )


def _change_of(batch: Batch, station: Station, index: int, now: int) -> Change:
    """Return the last change of a connector in a batch, or one without ``before``."""
    changes = [
        entry
        for entry in batch.entries
        if isinstance(entry, Change) and (entry.station, entry.number) == (station.id, index + 1)
    ]
    first_sight = Change(now, station.id, index + 1, None, station.connectors[index])
    return changes[-1] if changes else first_sight
