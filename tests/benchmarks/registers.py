"""A register with names, places and plugs for the stations of the load."""

from __future__ import annotations

import time
from itertools import cycle, islice
from pathlib import Path

from msgspec.structs import replace

from nobil_tui.base.paths import APP_NAME, register_file
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.register.cache import save_register
from tests.benchmarks.bench import STATIONS
from tests.benchmarks.country import CONNECTORS

_UNKNOWN = (Plug("Type 2", 22.0),)


def store_register(home: Path) -> None:
    """Store a register of all stations of the load in the cache of ``home``."""
    made_up = Simulation(STATIONS, 1, start=int(time.time() * 1000), speed=1.0).register
    facts = {
        f"NOR_{n:05}": _with_plugs(made_up.facts(station)) for n, station in enumerate(made_up, 1)
    }
    save_register(home / ".cache" / APP_NAME / register_file().name, facts, {})


def _with_plugs(facts: Facts) -> Facts:
    # As many as connectors, so that each has its own.
    return replace(
        facts, plugs=tuple(islice(cycle(facts.plugs or _UNKNOWN), CONNECTORS)), plug_evse_uids=()
    )
