"""How many connectors are unconfirmed, without asking all of them each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct, field

from nobil_tui.charging.station import Station


class Unconfirmed(Struct):
    """The stations with unconfirmed connectors, and how many; good for one stand of the clock of the breaks.

    While the link is live that clock stands, and reports only ever confirm: so one look at all stations lasts until the
    next break.
    """

    count: Callable[[Station, int], int]
    """Counts a station's unconfirmed connectors at a stand of the clock, in ms."""
    total: int = 0
    """The stand that it is good for."""
    by_station: dict[str, int] = field(default_factory=dict)

    def sum(self, stations: Iterable[Station], total: int) -> int:
        """Count over ``stations`` at the stand ``total``, from what is known if that is of use."""
        if total != self.total:
            counts = ((station.id, self.count(station, total)) for station in stations)
            self.by_station = {name: count for name, count in counts if count}
            self.total = total
        return sum(self.by_station.values())

    def reported(self, station: Station) -> None:
        """Look again at a station of which a report came."""
        if station.id in self.by_station:
            self.by_station[station.id] = self.count(station, self.total)

    def forget(self) -> None:
        """Look at all stations anew the next time."""
        self.total = -1
