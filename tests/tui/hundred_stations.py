"""A source with a hundred stations, named by their number."""

from __future__ import annotations

import re

from textual.pilot import Pilot

from nobil_tui.charging.events import Connected, Snapshot
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from tests.conftest import START, FakeClock
from tests.tui.app_driver import (
    HandSource,
    main_of,
    text_of,
)

NAMES = [f"NOR_{number:05}" for number in range(100)]


NAMED = Register({name: Facts(f"S{name[-3:]}", "Oslo") for name in NAMES})


def hundred_stations(clock: FakeClock) -> HandSource:
    source = HandSource(clock, NAMED)
    stations = [
        Station(name, [Connector(number % 2, 0, START - number)])
        for number, name in enumerate(NAMES)
    ]
    source.feed.put(Connected(START), Snapshot(stations, START))
    return source


def rows_of(pilot: Pilot[int]) -> list[str]:
    """Return the names of the stations in the list on screen."""
    region = main_of(pilot).workspace.stations.region
    lines = text_of(pilot)[region.y : region.bottom]
    return [found for line in lines for found in re.findall(r"\bS\d{3}\b", line[: region.right])]
