"""The user's config while the app is open: stars and settings saved, and what another app saved picked up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from nobil_tui.base.files import stamp
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.geo import Position
from nobil_tui.config.model import Config
from nobil_tui.config.reading import ConfigError, load_config
from nobil_tui.config.writing import NotSavedError, Operation, Put, Star, Unstar, save_config

logger = logging.getLogger(__name__)


class Settings:
    """Keeps one config file. Without a path nothing is saved, and stars hold for this session."""

    def __init__(self, path: Path | None, config: Config) -> None:
        self.config = config
        self.starred: set[str] = set(config.watched.stations)
        """The stars as the user sees them: those of the file, and those that could not be saved."""
        self.path = path
        self._stamp = stamp(path) if path is not None else None
        self.filters: dict[str, str] = dict(config.filters)
        """The saved filters as the user sees them, in the same way."""
        self.home: Position | None = config.home.position
        """From where distances are counted, in the same way."""
        self._unsaved: dict[str, bool] = {}
        self._complained = False
        self._saving = asyncio.Lock()

    def mark(self, station: str, on: bool) -> None:
        """Star a station, or take its star away, for this session: ``save_star`` makes it last."""
        (self.starred.add if on else self.starred.discard)(station)
        self._unsaved[station] = on

    async def save_star(self, station: str, on: bool) -> str:
        """Save what was marked. Returns what went wrong, in words; empty where nothing did."""
        problem = await self.put(Star(station) if on else Unstar(station))
        if not problem and self._unsaved.get(station) is on:
            del self._unsaved[station]
        return problem

    async def put(self, *operations: Operation) -> str:
        """Save. Returns what went wrong, in words; empty where nothing did."""
        path = self.path
        if path is None:
            return ""
        async with self._saving:
            try:
                self.config = await run_in_thread(lambda: save_config(path, *operations))
            except (NotSavedError, ConfigError) as error:
                logger.warning("config not saved: %s", error)
                return str(error)
        return ""

    def hold(self, *operations: Operation) -> None:
        """Have settings hold for this session: ``put`` makes them last."""
        for operation in operations:
            match operation:
                case Put("filters", name, str(text)):
                    self.filters[name] = text
                case Put("filters", name, None):
                    self.filters.pop(name, None)
                case Put("home", "position", [float(latitude), float(longitude)]):
                    self.home = latitude, longitude

    async def poll(self, changed: Callable[[], None], complain: Callable[[str], None]) -> None:
        """Look whether the file was changed, and take over its stars."""
        path = self.path
        if path is None or self._saving.locked():
            return
        now = stamp(path)
        if now == self._stamp:
            return
        self._stamp = now
        saved = self.config.filters
        try:
            # What is saved meanwhile must not be taken for undone.
            async with self._saving:
                self.config = await run_in_thread(lambda: load_config(path))
        except ConfigError as error:
            if not self._complained:
                self._complained = True
                complain(f"{error}\nThe stars of this session are kept.")
            return
        self._complained = False
        for name in saved.keys() - self.config.filters.keys():
            self.filters.pop(name, None)
        self.filters.update(self.config.filters)
        self.home = self.config.home.position or self.home
        before = set(self.starred)
        self.starred.clear()
        self.starred.update(self.config.watched.stations)
        for station, on in self._unsaved.items():
            (self.starred.add if on else self.starred.discard)(station)
        if self.starred != before:
            changed()
