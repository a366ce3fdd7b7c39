"""Static data of a source's own stations, for commands without a screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from nobil_tui.session.register_updater import RegisterUpdater
from nobil_tui.session.session import Session


@asynccontextmanager
async def updating_station_data(
    session: Session,
    updater: RegisterUpdater,
    print_message: Callable[[str], None],
    *,
    one_shot: bool = False,
) -> AsyncIterator[None]:
    """Read the register, and update it with the data that the source of an open session publishes.

    The session must use the user's register. The update, if it is due, runs beside the body of the
    ``async with``, and is cancelled at its end. For a ``one_shot`` command it runs before the body:
    what is printed would lack the names, and a cancelled download would begin again each time.
    """
    if problem := await updater.read():
        print_message(problem)
    session.register_changed()
    data = session.station_data
    if data is None:
        yield
        return

    async def update() -> None:
        if problem := await updater.update_station_data(data, lambda _: None):
            print_message(problem)
        session.register_changed()

    if one_shot:
        await update()
        yield
        return
    task = asyncio.create_task(update())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
