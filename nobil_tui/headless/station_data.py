"""Names of stations for commands without a screen: the register, and what a source publishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.config.model import RegisterSection
from nobil_tui.session.register_updater import CHECK_INTERVAL, RegisterUpdater
from nobil_tui.session.session import Session

READ_INTERVAL = 60.0
"""Seconds between two looks at the file of the register, which another program may update."""


@asynccontextmanager
async def updating_station_data(
    session: Session,
    updater: RegisterUpdater,
    print_message: Callable[[str], None],
    *,
    one_shot: bool = False,
    section: Callable[[], RegisterSection] | None = None,
) -> AsyncIterator[None]:
    """Read the register, and update it with the data that the source of an open session publishes.

    The session must use the user's register. Beside the body of the ``async with``, the register is
    read again when its file changes, and updated when that is due: from the source, and with a
    ``section`` of the config also from NOBIL. For a ``one_shot`` command all happens before the
    body: what is printed would lack the names, and a cancelled download would begin again each
    time.
    """
    data, register = session.station_data, session.register

    async def read() -> None:
        version = register.version
        if problem := await updater.read():
            print_message(problem)
        if register.version != version:
            session.register_changed()

    async def update() -> None:
        version = register.version
        if data is not None and (
            problem := await updater.update_station_data(data, lambda _: None)
        ):
            print_message(problem)
        if section is not None:
            await updater.update_if_due(section())
        if register.version != version:
            session.register_changed()

    async def keep_updated() -> None:
        clock = session.options_clock
        while True:
            await update()
            next_update = clock.monotonic() + CHECK_INTERVAL
            while clock.monotonic() < next_update:
                await clock.sleep(READ_INTERVAL)
                await read()

    await read()
    session.register_changed()
    if one_shot:
        await update()
        yield
        return
    task = asyncio.create_task(keep_updated())
    try:
        yield
    finally:
        await cancel_and_wait(task)
