"""How often what happens is painted: as often as somebody can follow, and no more than the terminal takes.

Whatever waits meanwhile is painted with the next. Keys do not wait for it: what they change is painted at once.
"""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

MANY = 40
"""So many changes at a time are read by nobody one by one."""
LONGER = 0.05
"""Seconds more between two paints of many changes: twenty a second would cost half of what the program costs."""
FLOOD, FLOODED = 1000, 0.15
"""So many changes at a time are a flood, and the seconds are better spent on reading it: so many between two paints."""
LOOK_AGAIN = 0.02
"""Seconds until the terminal is looked at again."""


async def until_worth_painting(app: App[Any], changes: int) -> None:
    """Wait between two paints, after one of so many changes."""
    if changes > MANY:
        await asyncio.sleep(LONGER if changes < FLOOD else FLOODED)
    while is_behind(app):  # noqa: ASYNC110  # the writer tells nobody when it is done
        await asyncio.sleep(LOOK_AGAIN)


def is_behind(app: App[Any]) -> bool:
    """Whether something painted still waits for the terminal, as on a slow line.

    The library's writer takes thirty paints before it holds up the program, and a key would wait for them all.
    """
    writer = getattr(app._driver, "_writer_thread", None)
    return writer is not None and writer._queue.qsize() > 0
