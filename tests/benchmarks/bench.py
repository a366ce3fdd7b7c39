"""The context of a benchmark: how often and how long to measure, and the programs to measure."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.benchmarks.programs import World
from tests.benchmarks.serving import LoadServer
from tests.benchmarks.terminal import ROWS, NotSeenError, Terminal, cursor_row

STATIONS = 30_000
"""Stations of a large country."""
RATE = 2_000
"""Changes per second of a steady load."""
TRIVIAL_READY = b"pressed 0 times"

_ID = re.compile(rb"(?:NOR|SWE)_\d{5,6}")
_FINNISH_ID = re.compile(rb"FI[A-Z]{3}\d{5}")
"""An id of a location as the local service makes them."""
_LIST_ROWS = ROWS // 2
"""The minimum number of rows on screen, in a terminal of our usual size."""


@dataclass(frozen=True)
class Bench:
    """The options of a run."""

    world: World
    rounds: int = 5
    quick: bool = False
    minutes: float = 30.0
    """Duration of the soak test."""

    @property
    def seconds(self) -> float:
        """Seconds for which a steady state is measured."""
        return 1.0 if self.quick else 5.0

    @property
    def presses(self) -> int:
        """Key presses for one figure."""
        return 10 if self.quick else 60

    def warm_up(self) -> None:
        """Start every program once, so that compiling and first disk reads are not measured."""
        for programs in (self.world.app, self.world.trivial):
            with programs() as app:
                app.wait(lambda seen: rows_painted(seen) or TRIVIAL_READY in seen)
        with self.country(100):
            pass

    @contextmanager
    def country(
        self,
        stations: int = STATIONS,
        *args: str,
        pace: float = 0.0,
        env: Mapping[str, str] | None = None,
    ) -> Iterator[tuple[LoadServer, Terminal]]:
        """Open the app on a load server; wait until the stations are painted and the app is
        idle."""
        with (
            LoadServer(stations) as server,
            self.world.app("--source", server.url, *args, env=env, pace=pace) as app,
        ):
            app.wait(rows_painted)
            app.watch(1.0 if self.quick else 3.0)
            yield server, app


def layout_painted(seen: bytearray) -> bool:
    """Return whether the whole main screen was painted."""
    return all(
        text in seen for text in (b"CONNECTING", b"Stations", b"Connectors", b"Event log", b"Quit")
    )


def rows_painted(seen: bytearray) -> bool:
    """Return whether the rows of the stations were painted."""
    return len(set(_ID.findall(seen))) >= _LIST_ROWS


def finland_painted(seen: bytearray) -> bool:
    """Return whether rows of Finland's stations were painted."""
    return len(set(_FINNISH_ID.findall(seen))) >= _LIST_ROWS


def pause() -> float:
    """Return random seconds between two keys: a regular interval could be in step with repaints."""
    return random.uniform(0.03, 0.12)  # no secret


def cursor_presses(app: Terminal, presses: int) -> list[float]:
    """Move the cursor of the station list up and down; return the ms from each key to its paint."""
    app.press("k")
    app.watch(0.2)
    taken = []
    row: int | None = None
    for turn in range(presses):
        key = "j" if turn // 10 % 2 == 0 else "k"

        def moved(seen: bytearray, before: int | None = row) -> bool:
            painted = cursor_row(seen)
            return painted is not None and painted != before

        typed = app.press(key)
        taken.append((app.wait(moved, 10.0) - typed) * 1000)
        row = cursor_row(app.seen)
        app.watch(pause())
    return taken


def trivial_presses(app: Terminal, presses: int) -> list[float]:
    """Press the key of the trivial app; return the ms from each press to its paint."""
    taken = []
    for _ in range(presses):
        typed = app.press("j")
        taken.append((app.wait(lambda seen: b"pressed" in seen, 10.0) - typed) * 1000)
        app.watch(pause())
    return taken


def seen_number(app: Terminal, pattern: str, wanted: int, patience: float) -> bool:
    """Wait until the output contains the wanted number; return whether it did in time."""
    search = re.compile(pattern.encode())

    def found(seen: bytearray) -> bool:
        return any(int(match[1].replace(b",", b"")) == wanted for match in search.finditer(seen))

    try:
        app.wait(found, patience)
    except NotSeenError:
        return False
    return True
