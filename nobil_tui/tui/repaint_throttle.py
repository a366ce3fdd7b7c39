"""Throttle repaints: at most as often as a user can follow, and as the terminal can draw.

Changes that arrive meanwhile are painted together. Keys are not throttled.
"""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from nobil_tui.tui.textual_internals import is_terminal_behind

PAUSE = 0.5
"""Seconds from one repaint to the next: the first change is shown at once, and two repaints a
second cost a sixth of the processor time of one per change."""
UNFOCUSED_PAUSE = 1.0
"""The same while the terminal has told that it lost the focus."""
TERMINAL_CHECK_INTERVAL = 0.02
"""Seconds between two checks of a terminal that is behind."""


async def wait_before_repaint(app: App[Any]) -> None:
    """Wait after a batch until the next one is worth painting."""
    await asyncio.sleep(PAUSE if app.app_focus else UNFOCUSED_PAUSE)
    while is_terminal_behind(app):  # noqa: ASYNC110  # Textual's writer thread signals nothing
        await asyncio.sleep(TERMINAL_CHECK_INTERVAL)
