"""The settings of a session: the config file, and the changes that are not saved in it yet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from nobil_tui.base.files import stamp
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.geo import Position
from nobil_tui.config.model import Config
from nobil_tui.config.operations import RemoveAlert, SetAlert, applied_to
from nobil_tui.config.reading import ConfigError, load_config
from nobil_tui.config.writing import NotSavedError, Operation, Put, save_config

logger = logging.getLogger(__name__)


class Settings:
    """The one owner of the config while the program runs.

    A change is applied at once and saved later. One that cannot be saved stays applied until the
    program ends, whatever another program writes to the file, and each later save tries it again.
    """

    def __init__(self, path: Path | None, config: Config) -> None:
        self.path = path
        """The config file; None keeps all changes for this session."""
        self.config = config
        """The config of the file, with the unsaved changes applied."""
        self.starred: set[str] = set(config.watched.stations)
        """The starred stations. Always the same set, which lists and painters share."""
        self._file_config = config
        self._unsaved: list[Operation] = []
        self._stamp = stamp(path) if path is not None else None
        self._warned = False
        """Whether the user was warned that the file is invalid."""
        self._lock = asyncio.Lock()
        """Held while the file is read or written."""

    @property
    def filters(self) -> dict[str, str]:
        """The saved filters by name, in the order of the file."""
        return self.config.filters

    @property
    def home(self) -> Position | None:
        """The position that distances are measured from."""
        return self.config.home.position

    def apply(self, *operations: Operation) -> None:
        """Apply changes to this session; ``save`` writes them to the file."""
        for operation in operations:
            target = _target(operation)
            self._unsaved = [each for each in self._unsaved if _target(each) != target]
            self._unsaved.append(operation)
        self._update()

    async def save(self) -> str:
        """Write the unsaved changes to the file. Return the error as text, or an empty string."""
        path = self.path
        if path is None:
            return ""
        async with self._lock:
            operations = self._unsaved
            if not operations:
                return ""
            try:
                config = await run_in_thread(lambda: save_config(path, *operations))
            except (NotSavedError, ConfigError) as error:
                logger.warning("config not saved: %s", error)
                return f"{error}\nThe change applies until you quit."
            self._stamp = stamp(path)
            # An operation that was replaced while this one was saved is still to be saved.
            saved = set(map(id, operations))
            self._unsaved = [each for each in self._unsaved if id(each) not in saved]
            self._file_config = config
            self._update()
        return ""

    async def poll(self, stars_changed: Callable[[], None], warn: Callable[[str], None]) -> None:
        """Read the file again if another program changed it.

        Calls ``stars_changed`` if other stations are starred now, and ``warn`` once with the error
        of a file that became invalid.
        """
        path = self.path
        if path is None or self._lock.locked():
            return
        now = stamp(path)
        if now == self._stamp:
            return
        self._stamp = now
        try:
            async with self._lock:
                self._file_config = await run_in_thread(lambda: load_config(path))
        except ConfigError as error:
            if not self._warned:
                self._warned = True
                warn(f"{error}\nThe settings of this session are kept.")
            return
        self._warned = False
        before = set(self.starred)
        self._update()
        if self.starred != before:
            stars_changed()

    def _update(self) -> None:
        self.config = applied_to(self._file_config, self._unsaved)
        self.starred.clear()
        self.starred.update(self.config.watched.stations)


def _target(operation: Operation) -> tuple[str, ...]:
    """Return what an operation changes: of two that change the same, the later one counts."""
    if isinstance(operation, Put):
        return operation.path
    if isinstance(operation, SetAlert | RemoveAlert):
        return "alerts", "rule", *map(str, operation.key)
    return "watched", "stations", operation.station
