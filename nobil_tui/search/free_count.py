"""How many connectors of a list are free, in words."""

from __future__ import annotations

from msgspec import Struct


class FreeCount(Struct, frozen=True):
    """The connectors of a list."""

    free: int
    total: int
    """Those in service."""
    unknown: int

    @property
    def text(self) -> str:
        """The counts in words, such as ``3 of 6 connectors free``; empty without connectors.

        Unknown connectors are named, since some of them may be free.
        """
        if not self.total:
            return ""
        noun = "connector" if self.total == 1 else "connectors"
        if self.unknown == self.total:
            return f"{self.total:,} {noun}, {'all ' if self.total > 1 else ''}unknown"
        known = f"{self.free:,} of {self.total:,} {noun} free"
        return f"{known}, {self.unknown:,} unknown" if self.unknown else known
