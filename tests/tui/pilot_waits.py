"""The app of a test: its event loop is run until it has nothing to do, instead of sleeping; then it
is painted once.

The fixtures apply to each folder whose ``conftest.py`` imports them, and to each module that does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual import app, pilot, screen
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from nobil_tui.tui import key_queue, live_updates, repaint_throttle
from tests.conftest import GUARD

SOON = 0.02
"""Timers that are due within this many seconds are waited for, as a part of the current action."""
PAINT_PERIOD = 0.001
"""Seconds between a change and its paint: with the library's 1/60, each key of a test would wait
that long."""
LONGEST = GUARD
"""Seconds after which the wait ends although something still runs."""


async def run_dry(min_sleep: float = 0, max_sleep: float = LONGEST) -> None:
    """Wait until the event loop has nothing to run and no timer is due soon.

    The library's ``wait_for_idle`` sleeps 20 ms after each key, and measures the load of the
    processor, which depends on the machine. Threads and servers are not waited for: for them a test
    needs ``until``.
    """
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    quiet = 0
    while quiet < 3 and loop.time() < end:
        await asyncio.sleep(0)
        if loop._ready:
            quiet = 0
            continue
        now = loop.time()
        due = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=end)
        if due < now + SOON:
            await asyncio.sleep(max(0.0, due - now))
            quiet = 0
        else:
            quiet += 1


_paint_now = Screen._compositor_refresh
_wait_for_screen = Pilot._wait_for_screen
_post_mouse_events = Pilot._post_mouse_events
_unpainted: dict[Screen[Any], None] = {}
_clicking: list[Pilot[Any]] = []


def paint_later(screen: Screen[Any]) -> None:
    """Put a paint off until the event loop has nothing else to do.

    A key causes about three, of which a test sees the last; they take a third of the time of a test
    with an app. What is painted at last has been painted before, as on a terminal: a widget that
    forgets to repaint itself is still seen.
    """
    app = screen.app
    if not app.is_headless or app.is_inline or screen is not app.screen:
        _paint_now(screen)
        return
    _unpainted[screen] = None
    screen._dirty_widgets.clear()
    app._update_mouse_over(screen)


def paint() -> bool:
    """Paint the screens that have changed; return whether there was one."""
    screens = [*_unpainted]
    _unpainted.clear()
    for each in screens:
        if each.is_running:
            with each._context():
                _paint_now(each)
    return bool(screens)


async def run_dry_and_paint(min_sleep: float = 0, max_sleep: float = LONGEST) -> None:
    """Wait as ``run_dry`` does, until everything is painted."""
    await run_dry()
    while not _clicking and paint():
        await run_dry()


async def post_mouse_events(pilot: Pilot[Any], *args: Any, **named: Any) -> bool:
    """Post the events of one click without a paint in between."""
    _clicking.append(pilot)
    try:
        hit = await _post_mouse_events(pilot, *args, **named)
    finally:
        _clicking.pop()
    await run_dry_and_paint()
    return hit


async def wait_for_screen(pilot: Pilot[Any]) -> bool:
    """Wait until no widget has a message to handle.

    The library's way is a message to each widget: a fifth of the time of a key. That is left for
    what the event loop does not show: a handler that waits for a thread or a server.
    """
    await run_dry_and_paint()
    if not pilot.app._screen_stack:
        return False
    pumps: list[Any] = [pilot.app, *pilot.app.screen.walk_children(with_self=True)]
    if all(
        pump._message_queue.empty() and pump._message_queue.ready_event._waiters for pump in pumps
    ):
        return True
    return await _wait_for_screen(pilot)


@pytest.fixture(scope="session", autouse=True)
def no_sleeping() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pilot, "wait_for_idle", run_dry_and_paint)
        patch.setattr(app, "wait_for_idle", run_dry)
        patch.setattr(Screen, "_compositor_refresh", paint_later)
        patch.setattr(Pilot, "_wait_for_screen", wait_for_screen)
        patch.setattr(Pilot, "_post_mouse_events", post_mouse_events)
        patch.setattr(screen, "UPDATE_PERIOD", PAINT_PERIOD)
        patch.setattr(repaint_throttle, "PAUSE", PAINT_PERIOD)
        patch.setattr(repaint_throttle, "IDLE_PAUSE", 2 * PAINT_PERIOD)
        patch.setattr(live_updates, "HISTORY_DELAY", PAINT_PERIOD)
        # Seconds of a real clock, which a loaded machine would reach in the middle of a test.
        patch.setattr(live_updates, "FREEZE_DELAY", GUARD)
        patch.setattr(key_queue, "LONGEST", GUARD)
        # The cursor of a field stays on: on a slow machine it would be off in a picture.
        patch.setattr(Input, "cursor_blink", False)
        yield


@pytest.fixture
def painted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paint each change at once, as the program does: for a test that counts the paints."""
    monkeypatch.setattr(Screen, "_compositor_refresh", _paint_now)


@pytest.fixture(scope="session", autouse=True)
def style_sheets_parsed_once() -> Iterator[None]:
    """Share the parsed rules between the apps: each app would parse the same text again, a third of
    its time."""
    parse_rules: Callable[..., list[RuleSet]] = Stylesheet._parse_rules
    parsed: dict[object, list[RuleSet]] = {}

    def parse_once(sheet: Stylesheet, *args: Any, **named: Any) -> list[RuleSet]:
        key = (args, (*sorted(named.items()),), frozenset(sheet._variables.items()))
        rules = parsed.get(key)
        if rules is None:
            rules = parsed[key] = parse_rules(sheet, *args, **named)
        return rules

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield
