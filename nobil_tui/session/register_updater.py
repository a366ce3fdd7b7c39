"""The user's station register while a program runs: read from disk, updated at most once a day.

All updates of one program go through one ``RegisterUpdater``, so that two never run at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base.files import stamp
from nobil_tui.base.redaction import Secret
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.register import Register
from nobil_tui.config.model import RegisterSection
from nobil_tui.feeds.source import StationData
from nobil_tui.register.api_key import register_key
from nobil_tui.session.options import SessionOptions

if TYPE_CHECKING:
    from nobil_tui.register.cache import CachedRegister, Origin
    from nobil_tui.register.progress import UpdateProgress
    from nobil_tui.register.update import UpdateOutcome

CHECK_INTERVAL = 3600.0
"""Seconds between two checks whether an update is due."""
RETRY_AFTER = 30 * 60_000
"""Milliseconds after an attempt before the next automatic one: the user has just seen it fail."""
FIRST_RETRY = 60.0
"""Seconds after a failed attempt to get what a source publishes of its stations, which are ids
until then. Each further wait is twice as long, up to ``CHECK_INTERVAL``."""

logger = logging.getLogger(__name__)


class RegisterUpdater:
    """Fills ``register`` from the file at ``path``, and updates that file.

    Modules that only reading or updating needs are imported there.
    """

    def __init__(self, path: Path, register: Register, options: SessionOptions) -> None:
        self._path = path
        self._register = register
        self._environ = options.environ
        self._clock = options.clock
        self._origins: Mapping[str, Origin] = {}
        self._stamp: object = None
        self._tried_at: int | None = None
        self._failed_at: int | None = None
        """When the static data of a source could not be fetched, in ms; None if the last attempt
        worked."""
        self._retry_after = FIRST_RETRY
        """Seconds from then to the next attempt."""
        self._lock = asyncio.Lock()

    @property
    def updating(self) -> bool:
        """Whether an update is running."""
        return self._lock.locked()

    @property
    def retry_in(self) -> float:
        """Seconds until ``update_station_data`` tries again after a failure; zero without one."""
        if self._failed_at is None:
            return 0.0
        passed = (self._clock.now() - self._failed_at) / 1000
        # At least one, so that it is due after that wait; at once after the clock was set back.
        return max(1.0, self._retry_after - passed) if passed >= 0 else 1.0

    async def read(self) -> str:
        """Read the file if it has changed; return an error message, or an empty string.

        Does nothing during an update, which writes country by country and fills the register at
        its end.
        """
        return "" if self.updating else await self._read()

    async def _read(self) -> str:
        found = stamp(self._path)
        if found == self._stamp:
            return ""
        from nobil_tui.register.cache import CacheError, load_register

        self._stamp = found
        try:
            cached = await run_in_thread(lambda: load_register(self._path))
        except CacheError as error:
            return str(error)
        self._replace(cached)
        return ""

    async def update_if_due(self, section: RegisterSection) -> bool:
        """Update the register if it is a day old and the user has a key; return whether it changed.

        A failure is logged and not raised: the user did not ask for this update.
        """
        key = register_key(section, self._environ)
        if key is None:
            return False
        from nobil_tui.register.merge import is_due
        from nobil_tui.register.progress import UpdateError

        async with self._lock:
            now = self._clock.now()
            if self._tried_at is not None and 0 <= now - self._tried_at < RETRY_AFTER:
                return False
            if not is_due(self._path, self._origins, section.countries, now):
                return False
            try:
                return (await self._update(section, key)).cached is not None
            except UpdateError as error:
                logger.warning("register not updated: %s", error)
                return error.cached is not None

    async def update(
        self,
        section: RegisterSection,
        key: Secret,
        on_progress: Callable[[UpdateProgress], None],
        *,
        force: bool,
    ) -> UpdateOutcome:
        """Update the register at the user's request, after a running update. Raises
        ``UpdateError``."""
        async with self._lock:
            return await self._update(section, key, on_progress, force=force)

    async def update_station_data(
        self,
        data: StationData,
        on_progress: Callable[[str], None],
        *,
        statuses_first: bool = False,
    ) -> str:
        """Update the register with what a source publishes of its stations, if that is due.

        ``statuses_first`` is as for ``StationData.update``. Returns an error message, or an empty
        string; see ``retry_in``. Afterwards nothing waits for the update.
        """
        from nobil_tui.register.progress import UpdateError

        async with self._lock:
            try:
                now = self._clock.now()
                if (
                    self._failed_at is not None
                    and 0 <= now - self._failed_at < self._retry_after * 1000
                ):
                    return ""
                changed = await data.update(self._path, on_progress, statuses_first=statuses_first)
                self._failed_at = None
                return await self._read() if changed else ""
            except UpdateError as error:
                again = self._failed_at is not None
                self._retry_after = (
                    min(2 * self._retry_after, CHECK_INTERVAL) if again else FIRST_RETRY
                )
                self._failed_at = self._clock.now()
                logger.warning("%s", error)
                return str(error)
            finally:
                on_progress("")
                data.settle()

    async def _update(
        self,
        section: RegisterSection,
        key: Secret,
        on_progress: Callable[[UpdateProgress], None] = lambda _: None,
        *,
        force: bool = False,
    ) -> UpdateOutcome:
        from nobil_tui.register.progress import UpdateError
        from nobil_tui.register.update import update_register

        try:
            outcome = await update_register(
                self._path,
                section.countries,
                key,
                section.address,
                on_progress=on_progress,
                force=force,
                clock=self._clock,
            )
        except UpdateError as error:
            self._replace(error.cached)
            raise
        finally:
            self._tried_at = self._clock.now()
        self._replace(outcome.cached)
        return outcome

    def _replace(self, cached: CachedRegister | None) -> None:
        if cached is not None:
            self._origins = cached.origins
            self._register.replace(cached.facts)
