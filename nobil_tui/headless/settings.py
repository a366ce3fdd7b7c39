"""Follow the settings and print the notices of a session while a command without a screen runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import running_beside
from nobil_tui.headless.link_reporter import Print
from nobil_tui.session.settings import Settings

CONFIG_POLL_INTERVAL = 1.0
"""Seconds between two checks of the config file and the notices."""


@asynccontextmanager
async def following_settings(
    settings: Settings,
    notices: Callable[[], str],
    print_message: Print,
    clock: Clock | None = None,
) -> AsyncIterator[None]:
    """During the body of the ``async with``, follow the config file and print each new notice.

    ``notices`` returns what went wrong, empty if nothing did.
    """
    clock, printed = clock or Clock(), ""

    def print_notices() -> None:
        nonlocal printed
        if (notice := notices()) != printed:
            printed = notice
            if notice:
                print_message(notice)

    async def follow() -> None:
        while True:
            await settings.poll(lambda: None, print_message)
            print_notices()
            await clock.sleep(CONFIG_POLL_INTERVAL)

    try:
        async with running_beside(follow()):
            yield
    finally:
        print_notices()
