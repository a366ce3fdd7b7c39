"""Throttle repaints: at most as often as a user can follow, and as the terminal can draw.

Changes that arrive meanwhile are painted together. Keys are not throttled.
"""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from nobil_tui.tui.textual_internals import is_terminal_behind

MANY = 40
"""Changes in one batch that a user can no longer read one by one."""
MANY_PAUSE = 0.05
"""Seconds of pause after a batch of many: 20 paints a second would take half of the CPU time."""
FLOOD = 1000
"""Changes in one batch from which the time is better spent on reading."""
FLOOD_PAUSE = 0.15
"""Seconds of pause after a flood."""
TERMINAL_CHECK_INTERVAL = 0.02
"""Seconds between two checks of a terminal that is behind."""


async def wait_before_repaint(app: App[Any], changes: int) -> None:
    """Wait after a batch of this many changes until the next one is worth painting."""
    if changes > MANY:
        await asyncio.sleep(MANY_PAUSE if changes < FLOOD else FLOOD_PAUSE)
    while is_terminal_behind(app):  # noqa: ASYNC110  # Textual's writer thread signals nothing
        await asyncio.sleep(TERMINAL_CHECK_INTERVAL)
