"""Run the app without a terminal or a network, with a stepped simulation or a feed filled by the
test."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from rich.style import Style
from textual.events import Key
from textual.pilot import Pilot

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.events import Event
from nobil_tui.charging.register import Register
from nobil_tui.config.model import Config
from nobil_tui.config.reading import load_config
from nobil_tui.feeds.simulation.feed import SimulationFeed
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.feeds.source import ChosenSource, OpenSource, Player, Source, SourceError
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.tui.app import NobilApp
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.screens.main import MainScreen
from tests.conftest import START, FakeClock, guarded

WIDE = (160, 50)
MIDDLE = (100, 30)
USUAL = (80, 24)
NARROW = (60, 20)
SIZES = (WIDE, MIDDLE, USUAL, NARROW)


class SteppedSource:
    """A simulated country that advances with the fake clock."""

    name = "simulation"
    simulated = True
    state_key = ""

    def __init__(
        self, clock: FakeClock, stations: int = 60, seed: int = 7, speed: float = 1.0
    ) -> None:
        self.simulation = Simulation(stations, seed, start=START, speed=speed)
        self._clock = clock

    def open(self) -> OpenSource:
        feed = SimulationFeed(self.simulation, self._clock)
        return OpenSource(feed, self.simulation.register, self._clock)

    def close(self) -> None:
        pass


class HandFeed:
    """A feed that yields the events that a test puts in."""

    behind = 0
    alive_at = 0

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self.retries = 0

    def put(self, *events: Event) -> None:
        for event in events:
            self.queue.put_nowait(event)

    def end(self) -> None:
        self.queue.put_nowait(None)

    def retry(self) -> None:
        self.retries += 1

    async def events(self) -> AsyncGenerator[Event, None]:
        while (event := await self.queue.get()) is not None:
            yield event


class HandSource:
    """A source whose feed is filled by the test."""

    simulated = False
    state_key = ""

    def __init__(
        self,
        clock: FakeClock,
        register: Register | None = None,
        *,
        name: str = "example.org",
        problems: Sequence[str] = (),
        player: Player | None = None,
    ) -> None:
        self.name = name
        self.feed = HandFeed()
        self.opened = 0
        self.closed = 0
        self._problems = [*problems]
        self._register = register
        self._clock = clock
        self._player = player

    def open(self) -> OpenSource:
        self.opened += 1
        if self._problems:
            raise SourceError(self._problems.pop(0))
        return OpenSource(self.feed, self._register, self._clock, self._player)

    def close(self) -> None:
        self.closed += 1


def no_choice(text: str, config: Config, key: Secret | None) -> ChosenSource:
    """Replace ``make_source`` in a test that connects to no other source."""
    raise SourceError(f"There is no source {text}.")


def setup_of(clock: FakeClock, source: Source, **more: Any) -> AppOptions:
    """Return options in which nothing depends on the machine."""
    zone: tzinfo = UTC
    config_path: Path | None = more.pop("config_path", None)
    arguments: dict[str, Any] = {
        "make_source": no_choice,
        "config": Config(),
        "zone": zone,
        "clock": clock,
        **more,
    }
    return AppOptions(source=source, config_path=config_path, **arguments)


@asynccontextmanager
async def opened(
    setup: AppOptions, size: tuple[int, int] = MIDDLE, typed: str = ""
) -> AsyncIterator[Pilot[int]]:
    """Run the app; its time advances with the fake clock only.

    ``typed``: characters that were typed before there was a screen.
    """
    random.seed(0)
    app = NobilApp(setup)
    for character in typed:
        app.post_message(Key(character, character))
    app.animation_level = "none"
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            yield pilot
            working = [worker._task for worker in app.workers if worker._task is not None]
        if working:
            # asyncio.run would wait for the cancelled workers at the end.
            await guarded(asyncio.wait(working))
    finally:
        app.close_session()


def main_of(pilot: Pilot[int]) -> MainScreen:
    """Return the main screen, also below a dialog."""
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, MainScreen)
    return screen


async def until(pilot: Pilot[int], holds: Callable[[], object]) -> None:
    """Let the app run until a condition is true, and what made it true is painted."""

    async def look() -> None:
        while not holds():
            await pilot.pause()
        if pilot.app.is_running:
            await pilot.pause()

    await guarded(look())


async def saved(pilot: Pilot[int], path: Path, holds: Callable[[Config], object]) -> None:
    """Let the app run until a condition is true of the config file.

    Each change is saved for itself, after it is shown: the file may have the first and not the
    last.
    """
    await until(pilot, lambda: holds(load_config(path)))


async def live(pilot: Pilot[int]) -> MainScreen:
    """Wait until stations are listed."""
    main = main_of(pilot)
    await until(
        pilot,
        lambda: (
            main.workspace.session.link.phase is LinkPhase.LIVE
            and main.workspace.board.stations
            and main.workspace.stations.count
        ),
    )
    return main


async def step(pilot: Pilot[int], clock: FakeClock, seconds: float) -> None:
    """Advance a stepped simulation, and wait until its changes are painted."""
    main = main_of(pilot)
    await clock.asleep()
    clock.advance(seconds)
    await pilot.pause()
    await clock.asleep()
    # One entry more than changes: the note that the link is connected.
    await until(
        pilot,
        lambda: (
            main.workspace.session.monitor
            and main.live_updates.painted == main.workspace.session.monitor.counts.changes + 1
        ),
    )


def text_of(pilot: Pilot[int]) -> list[str]:
    """Return the text on screen, line by line."""
    width, height = pilot.app.size
    lines = pilot.app.screen._compositor.render_strips()
    assert len(lines) == height
    return [strip.text.ljust(width) for strip in lines]


def styled(pilot: Pilot[int]) -> list[list[tuple[str, Style]]]:
    """Return each cell on screen with its style, line by line."""
    lines = pilot.app.screen._compositor.render_strips()
    return [
        [(cell, segment.style or Style()) for segment in strip for cell in segment.text]
        for strip in lines
    ]
