"""The settings of a session: the config file, and the changes that are not saved in it yet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from nobil_tui.base.files import NotSavedError, stamp
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.base.text import safe_path
from nobil_tui.charging.geo import Position
from nobil_tui.config.model import Config
from nobil_tui.config.operations import (
    Operation,
    Put,
    RemoveAlert,
    SetAlert,
    Star,
    Unstar,
    applied_to,
)
from nobil_tui.config.reading import (
    ConfigError,
    is_config_away,
    parse_config,
    read_config_file,
)

logger = logging.getLogger(__name__)

AWAY_POLLS = 10
"""Polls, of one a second, for which a file must be missing or empty before it is written again.
Editors and sync clients replace a file in less time."""
AWAY_POLLS_WARNED = 2
"""The same before the user is warned."""


class Settings:
    """The one owner of the config while the program runs.

    A change is applied at once and saved later. A change that cannot be saved stays applied until
    the program ends, whatever another program writes to the file, and each later save retries it.

    If the file is missing or empty for a moment, its last content stays in use. It is written again
    with the next change, once other programs have had time to do so.
    """

    def __init__(self, path: Path | None, config: Config) -> None:
        self.path = path
        """The config file; None keeps all changes for this session."""
        self.config = config
        """The config of the file, with the unsaved changes applied."""
        self.starred: set[str] = set(config.watched.stations)
        """The starred stations. Always the same set, which lists and painters share."""
        self.simulated = False
        """Whether stars and home are those of the simulation. Set it with ``use_simulated``."""
        self._file_config = config
        self._unsaved: list[Operation] = []
        self._stamp = stamp(path) if path is not None else None
        self._content = _content_of(path)
        """What the file contained when it was last read or written."""
        self._away = 0
        """For how many polls the file has been missing or empty."""
        self._warned_of = ""
        """The error of an invalid file that the user was warned of last."""
        self._lock = asyncio.Lock()
        """Held while the file is read or written."""

    @property
    def filters(self) -> dict[str, str]:
        """The saved filters by name, in the order of the file."""
        return self.config.filters

    @property
    def home(self) -> Position | None:
        """The position that distances are measured from."""
        return self.own_home or self.config.home.position

    @property
    def own_home(self) -> Position | None:
        """The home that ``home_operation`` changes: the simulation has one of its own."""
        home = self.config.home
        return home.simulated if self.simulated else home.position

    @property
    def own_stars(self) -> list[str]:
        """The starred stations in the order of the file: the simulation has some of its own."""
        watched = self.config.watched
        return watched.simulated if self.simulated else watched.stations

    def home_operation(self, position: Position | None) -> Operation:
        """Return the operation that sets the home, or removes it."""
        key = "simulated" if self.simulated else "position"
        return Put("home", key, None if position is None else list(position))

    def use_simulated(self, simulated: bool) -> None:
        """Use the stars and the home of the simulation, or those of real stations."""
        if simulated is not self.simulated:
            self.simulated = simulated
            self._update()

    def star_operation(self, station: str) -> Operation:
        """Return the operation that stars a station, or unstars it."""
        starred = station in self.starred
        if not self.simulated:
            return Unstar(station) if starred else Star(station)
        kept = [each for each in self.config.watched.simulated if each != station]
        return Put("watched", "simulated", kept if starred else [*kept, station])

    def apply(self, *operations: Operation) -> None:
        """Apply changes to this session; ``save`` writes them to the file."""
        for operation in operations:
            target = _target(operation)
            self._unsaved = [each for each in self._unsaved if _target(each) != target]
            self._unsaved.append(operation)
        self._update()

    async def save(self) -> str:
        """Write the unsaved changes to the file. Return the error as text, or an empty string."""
        from nobil_tui.config.writing import ConfigAwayError, update_config

        path = self.path
        if path is None:
            return ""
        async with self._lock:
            operations = self._unsaved
            if not operations:
                return ""
            try:
                restore = self._away >= AWAY_POLLS
                saved_config = await run_in_thread(
                    lambda: update_config(path, operations, known=self._content, restore=restore)
                )
            except ConfigAwayError as error:
                logger.warning("config not saved yet: %s", error)
                return f"{error}\nThe change applies, and is saved when the file is back."
            except (NotSavedError, ConfigError) as error:
                logger.warning("config not saved: %s", error)
                return f"{error}\nThe change applies until you quit."
            # An operation that was replaced while this one was saved must still be saved.
            saved = set(map(id, operations))
            self._unsaved = [each for each in self._unsaved if id(each) not in saved]
            self._file_config, self._content, self._stamp = saved_config
            self._away = 0
            self._update()
        return ""

    async def poll(self, stars_changed: Callable[[], None], warn: Callable[[str], None]) -> None:
        """Read the file again if another program changed it.

        Calls ``stars_changed`` if other stations are starred now, and ``warn`` once with each error
        of a file that became invalid.
        """
        path = self.path
        if path is None or self._lock.locked():
            return
        now = stamp(path)
        if now == self._stamp and not self._away:
            return
        self._stamp = now
        try:
            async with self._lock:
                content, config = await run_in_thread(lambda: _read(path, self._content))
        except ConfigError as error:
            # An editor may save the same mistake again, or another one after the first.
            if str(error) != self._warned_of:
                self._warned_of = str(error)
                warn(f"{error}\nThe settings of this session are kept.")
            return
        if config is None:
            await self._poll_away(path, content, warn)
            return
        self._warned_of = ""
        self._file_config, self._content = config, content or b""
        was_away, self._away = self._away, 0
        before = set(self.starred)
        self._update()
        if self.starred != before:
            stars_changed()
        if was_away:
            await self.save()

    async def _poll_away(
        self, path: Path, content: bytes | None, warn: Callable[[str], None]
    ) -> None:
        """Warn that the file is missing or empty; write it again if there is something to save."""
        self._away += 1
        if self._away == AWAY_POLLS_WARNED:
            what = "missing" if content is None else "empty"
            warn(
                f"{safe_path(path)} is {what}. The settings of this session are kept, and written "
                "with the next change."
            )
        elif self._away == AWAY_POLLS:
            await self.save()

    def _update(self) -> None:
        self.config = applied_to(self._file_config, self._unsaved)
        self.starred.clear()
        self.starred.update(self.own_stars)


def _read(path: Path, known: bytes) -> tuple[bytes | None, Config | None]:
    """Read the file, which contained ``known``; no config if it is missing or empty now."""
    content = read_config_file(path)
    if is_config_away(content, known):
        return content, None
    return content, parse_config(path, content or b"")[1]


def _content_of(path: Path | None) -> bytes:
    try:
        return (read_config_file(path) or b"") if path is not None else b""
    except ConfigError:
        return b""


def _target(operation: Operation) -> tuple[str, ...]:
    """Return what an operation changes: if two change the same, the later one counts."""
    if isinstance(operation, Put):
        return operation.path
    if isinstance(operation, SetAlert | RemoveAlert):
        return "alerts", "rule", *map(str, operation.key)
    return "watched", "stations", operation.station
