"""Progress and errors of an update of the register.

Separate from the update itself, so that the first rows of a source with its own register need not
wait for the import of the code for NOBIL's register.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from nobil_tui.charging.register import country_name

if TYPE_CHECKING:
    from nobil_tui.register.cache import CachedRegister


class UpdatePhase(StrEnum):
    """The current step of an update."""

    CONNECTING = "connecting"
    DOWNLOADING = "downloading"
    READING = "reading"
    STORING = "storing"


class UpdateProgress(NamedTuple):
    """Progress of an update."""

    phase: UpdatePhase
    country: str = ""
    """NOBIL's three-letter code of the country; empty for a file."""
    done_bytes: int = 0
    """Bytes downloaded so far."""
    total_bytes: int | None = None
    """Total bytes; None if the server does not send it."""

    @property
    def words(self) -> str:
        """Progress as text: ``Norway: downloading 12.3 of 45.6 MB``."""
        words = f"{country_name(self.country)}: {self.phase}" if self.country else str(self.phase)
        if self.phase is not UpdatePhase.DOWNLOADING:
            return words
        total = "" if self.total_bytes is None else f" of {self.total_bytes / 1e6:.1f}"
        return f"{words} {self.done_bytes / 1e6:.1f}{total} MB"


OnProgress = Callable[[UpdateProgress], None]
"""Called in the event loop's thread, about ten times a second during a download."""


class UpdateError(Exception):
    """The register, or one of its countries, was not updated. The text says why, and holds no
    secret.
    """

    def __init__(
        self,
        text: str,
        *,
        refused: bool = False,
        too_few: bool = False,
        cached: CachedRegister | None = None,
    ) -> None:
        super().__init__(text)
        self.refused = refused
        """Whether the key was rejected."""
        self.too_few = too_few
        """Whether there were too few stations. ``force`` stores them anyway."""
        self.cached = cached
        """The register that is stored now, if another country was updated."""
