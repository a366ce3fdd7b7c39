"""What was known too long ago is known no more: the half of the board that only time goes through.

All times are milliseconds since the epoch and come in as values.
"""

from __future__ import annotations

from nobil_tui.charging.freshness import EXPIRED
from nobil_tui.charging.held import Held
from nobil_tui.charging.station import Condition, Connector, Station


class Expiring(Held):
    """What is held, and forgets what has been unconfirmed for too long."""

    def __init__(self) -> None:
        super().__init__()
        self._oldest = 0
        """A stand of the clock of the breaks: nothing that is known was confirmed before it."""

    def expire(self, now: int) -> list[str]:
        """Forget what has been unconfirmed for too long: it becomes unknown. Returns the stations it touched.

        Fit to be asked often: a country is looked through only where something can be too old.
        """
        too_old = self.listening.total(now) - EXPIRED
        if self._oldest >= too_old or self.tally[Condition.UNKNOWN] == self.connectors:
            return []
        self._unconfirmed.forget()
        # What is confirmed from now on is confirmed here or later.
        self._oldest = self.listening.stand
        return [station.id for station in self.stations.values() if self._expire_at(station, too_old, now)]

    def _expire_at(self, station: Station, too_old: int, now: int) -> bool:
        track = station.track
        all_confirmed = max(self._confirmed, track.confirmed) if track is not None else self._confirmed
        if all_confirmed >= too_old:
            self._oldest = min(self._oldest, all_confirmed)
            return False
        each = (track.confirmed_each if track is not None else None) or {}
        touched = False
        for index, held in enumerate(station.connectors):
            if held.condition is Condition.UNKNOWN:
                continue
            confirmed = max(all_confirmed, each.get(index, 0))
            if confirmed < too_old:
                touched = True
                # Unknown it is since it became too old, whenever that is seen; what it became meanwhile, nobody knows.
                station.connectors[index] = unknown = Connector(timestamp=now - (too_old - confirmed))
                self._track(station).mark(index, True)
                self._count(held, unknown)
            else:
                self._oldest = min(self._oldest, confirmed)
        if touched:
            station.cached = None
        return touched
