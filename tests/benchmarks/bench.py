"""What every benchmark is handed: how often and how long to measure, and programs to measure."""

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
"""A country."""
RATE = 2_000
"""Changes a second."""
TRIVIAL_READY = b"pressed 0 times"

_ID = re.compile(rb"(?:NOR|SWE)_\d{5,6}")
_LIST_ROWS = ROWS // 2
"""So many rows are on screen at the least, in a terminal of the usual size of ours."""


@dataclass(frozen=True)
class Bench:
    """How to measure."""

    world: World
    rounds: int = 5
    quick: bool = False
    minutes: float = 30.0
    """Of the soak."""

    @property
    def seconds(self) -> float:
        """How long a steady state is watched."""
        return 1.0 if self.quick else 5.0

    @property
    def presses(self) -> int:
        """How many keys are typed for one figure."""
        return 10 if self.quick else 60

    def warm_up(self) -> None:
        """Start every program once: what is compiled, or read from the disk for the first time, is not measured."""
        for programs in (self.world.app, self.world.trivial):
            with programs() as app:
                app.wait(lambda seen: rows_painted(seen) or TRIVIAL_READY in seen)
        with self.country(100):
            pass

    @contextmanager
    def country(
        self, stations: int = STATIONS, *args: str, pace: float = 0.0, env: Mapping[str, str] | None = None
    ) -> Iterator[tuple[LoadServer, Terminal]]:
        """Open the app on a load server and wait until the stations are painted and it has come to rest."""
        with LoadServer(stations) as server, self.world.app("--source", server.url, *args, env=env, pace=pace) as app:
            app.wait(rows_painted)
            app.watch(1.0 if self.quick else 3.0)
            yield server, app


def layout_painted(seen: bytearray) -> bool:
    """Whether the whole main screen was painted."""
    return all(text in seen for text in (b"CONNECTING", b"Stations", b"Connectors", b"Events", b"Quit"))


def rows_painted(seen: bytearray) -> bool:
    """Whether the rows of the stations were painted."""
    return len(set(_ID.findall(seen))) >= _LIST_ROWS


def pause() -> float:
    """Seconds between two keys, as uneven as a hand: no key may march in step with what repaints by itself."""
    return random.uniform(0.03, 0.12)  # no secret


def cursor_presses(app: Terminal, presses: int) -> list[float]:
    """Move the cursor of the station list up and down; returns the ms from each key to its paint."""
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
    """Press the key of the trivial app; returns the ms from each to its paint."""
    taken = []
    for _ in range(presses):
        typed = app.press("j")
        taken.append((app.wait(lambda seen: b"pressed" in seen, 10.0) - typed) * 1000)
        app.watch(pause())
    return taken


def seen_number(app: Terminal, pattern: str, wanted: int, patience: float) -> bool:
    """Wait until the program writes a text with this number in it."""
    search = re.compile(pattern.encode())

    def found(seen: bytearray) -> bool:
        return any(int(match[1].replace(b",", b"")) == wanted for match in search.finditer(seen))

    try:
        app.wait(found, patience)
    except NotSeenError:
        return False
    return True
