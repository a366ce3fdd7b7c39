"""Names of stations for commands without a screen: the register, and what a source publishes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from nobil_tui.base.tasks import running_beside
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
    update = _StationDataUpdate(session, updater, print_message, section)
    await update.read()
    session.register_changed()
    if one_shot:
        await update.download()
        yield
        return
    async with running_beside(update.run()):
        yield


class _StationDataUpdate:
    """Keeps the register of a session as its file and its sources are."""

    def __init__(
        self,
        session: Session,
        updater: RegisterUpdater,
        print_message: Callable[[str], None],
        section: Callable[[], RegisterSection] | None,
    ) -> None:
        self._session = session
        self._updater = updater
        self._print = print_message
        self._section = section
        self._problem = ""
        """Why the source's data could not be had the last time, to say it once."""

    async def run(self) -> None:
        """Update, and read what other programs store, until cancelled."""
        clock = self._session.options_clock
        while True:
            await self.download()
            next_update = clock.monotonic() + (self._updater.retry_in or CHECK_INTERVAL)
            while (left := next_update - clock.monotonic()) > 0:
                await clock.sleep(min(left, READ_INTERVAL))
                await self.read()

    async def read(self) -> None:
        """Read the file again if it has changed."""
        with self._noticing_changes():
            if problem := await self._updater.read():
                self._print(problem)

    async def download(self) -> None:
        """Update what is due."""
        data = self._session.station_data
        with self._noticing_changes():
            if data is not None:
                problem = await self._updater.update_station_data(data, lambda _: None)
                if problem and problem != self._problem:
                    self._print(problem)
                self._problem = problem
            if self._section is not None:
                await self._updater.update_if_due(self._section())

    @contextmanager
    def _noticing_changes(self) -> Iterator[None]:
        register = self._session.register
        version = register.version
        yield
        if register.version != version:
            self._session.register_changed()
