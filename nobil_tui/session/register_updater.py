"""The user's own register while the app is open: read from the disk, and renewed by itself once a day at the most.

Whatever in the app fetches it does so here, so that there are never two of them at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base.files import stamp
from nobil_tui.base.redaction import Secret
from nobil_tui.base.tasks import in_thread
from nobil_tui.charging.register import Register
from nobil_tui.config.model import RegisterSection
from nobil_tui.session.options import Setup

if TYPE_CHECKING:
    from nobil_tui.register.cache import CachedRegister, Origin
    from nobil_tui.register.update import OnProgress, UpdateOutcome

LOOK_EVERY = 3600.0
"""Seconds between two looks whether it is due."""
AGAIN_AFTER = 30 * 60_000
"""Milliseconds after any try within which none begins by itself: what the user has just seen fail is left alone."""

logger = logging.getLogger(__name__)


class OwnRegister:
    """Fills ``register`` from the file at ``path``. Its libraries are imported when they are used."""

    def __init__(self, path: Path, register: Register, setup: Setup) -> None:
        self._path = path
        self._register = register
        self._setup = setup
        self._origins: Mapping[str, Origin] = {}
        self._stamp: object = None
        self._tried_at: int | None = None
        self._fetching = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether it is being fetched."""
        return self._fetching.locked()

    async def read(self) -> str:
        """Read what is stored, where that is another than was read. Returns what went wrong, in words, or nothing."""
        found = stamp(self._path)
        if found == self._stamp:
            return ""
        from nobil_tui.register.cache import CacheError, load_register

        self._stamp = found
        try:
            cached = await in_thread(lambda: load_register(self._path))
        except CacheError as error:
            return str(error)
        self._take(cached)
        return ""

    async def renew_if_due(self, section: RegisterSection) -> bool:
        """Fetch it where the user has a key for it and it is a day old. Tells whether there is something new."""
        key = section.key(self._setup.environ)
        if key is None:
            return False
        from nobil_tui.register.update import UpdateError, is_due

        async with self._fetching:
            now = self._setup.clock.now()
            if self._tried_at is not None and 0 <= now - self._tried_at < AGAIN_AFTER:
                return False
            if not is_due(self._path, self._origins, section.countries, now):
                return False
            try:
                return (await self._fetch(section, key)).cached is not None
            except UpdateError as error:
                # Nobody asked for it: what was known before is still there.
                logger.warning("register not renewed: %s", error)
                return error.cached is not None

    async def fetch(self, section: RegisterSection, key: Secret, tell: OnProgress, *, force: bool) -> UpdateOutcome:
        """Fetch it because the user wants it, after one that is under way. Raises ``UpdateError``."""
        async with self._fetching:
            return await self._fetch(section, key, tell, force=force)

    async def _fetch(
        self, section: RegisterSection, key: Secret, tell: OnProgress = lambda _: None, *, force: bool = False
    ) -> UpdateOutcome:
        from nobil_tui.register.update import UpdateError, update_register

        clock = self._setup.clock
        try:
            outcome = await update_register(
                self._path, section.countries, key, section.address, tell=tell, force=force, clock=clock
            )
        except UpdateError as error:
            self._take(error.cached)
            raise
        finally:
            self._tried_at = clock.now()
        self._take(outcome.cached)
        return outcome

    def _take(self, cached: CachedRegister | None) -> None:
        if cached is not None:
            self._origins = cached.origins
            self._register.replace(cached.facts)
