"""The user's own register while the app is open: read from the disk, and renewed by itself once a day at the most."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.charging.register import Register
from nobil_tui.config.model import RegisterSection
from nobil_tui.feeds.threads import in_thread
from nobil_tui.tui.setup import Setup

if TYPE_CHECKING:
    from nobil_tui.store.register import Origin

logger = logging.getLogger(__name__)


class OwnRegister:
    """Fills ``register`` from the file at ``path``. Its libraries are imported when they are used."""

    def __init__(self, path: Path, register: Register, section: RegisterSection, setup: Setup) -> None:
        self._path = path
        self._register = register
        self._section = section
        self._setup = setup
        self._origins: Mapping[str, Origin] = {}

    async def read(self) -> str:
        """Read what is stored. Returns what went wrong, in words; empty where nothing did."""
        from nobil_tui.store.register import CacheError, load

        try:
            cached = await in_thread(lambda: load(self._path))
        except CacheError as error:
            return str(error)
        if cached is not None:
            self._origins = cached.origins
            self._register.replace(cached.facts)
        return ""

    async def renew_if_due(self) -> bool:
        """Fetch it where the user has a key for it and it is a day old. Tells whether there is something new."""
        from nobil_tui.renewal import RenewalError, is_due, register_key, update

        section, clock = self._section, self._setup.clock
        key = register_key(section, self._setup.environ)
        if key is None or not is_due(self._path, self._origins, section.countries, clock.now()):
            return False
        try:
            cached = (await update(self._path, section.countries, key, section.address, clock=clock)).cached
        except RenewalError as error:
            # Nobody asked for it: what was known before is still there.
            logger.warning("register not renewed: %s", error)
            cached = error.cached
        if cached is None:
            return False
        self._register.replace(cached.facts)
        return True
