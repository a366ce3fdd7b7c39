"""Throttle repaints to the rate that a user can follow and that the terminal can draw.

Changes that arrive meanwhile are painted together. Keys are not throttled.
"""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from nobil_tui.tui.textual_internals.terminal import is_terminal_behind

PAUSE = 0.5
"""Seconds from one repaint to the next: the first change is shown at once, and two repaints a
second cost a sixth of the processor time of one per change."""
IDLE_PAUSE = 1.0
"""The same while the user is not active, or after the terminal reported that it lost the focus."""
ACTIVE_SECONDS = 10.0
"""Seconds after a key or a click in which the user is active."""
TERMINAL_CHECK_INTERVAL = 0.02
"""Seconds between two checks of a terminal that is behind."""


async def wait_before_repaint(app: App[Any], since_input: float) -> None:
    """Wait after a batch until the next one is worth painting.

    ``since_input``: seconds since the last key or click.
    """
    active = app.app_focus and since_input < ACTIVE_SECONDS
    await asyncio.sleep(PAUSE if active else IDLE_PAUSE)
    while is_terminal_behind(app):  # noqa: ASYNC110  # Textual's writer thread signals nothing
        await asyncio.sleep(TERMINAL_CHECK_INTERVAL)
