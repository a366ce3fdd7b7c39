"""The result of a filter, as the filter line shows it."""

from __future__ import annotations

from msgspec import Struct


class FilterResult(Struct, frozen=True):
    """Counts of a filter's matches, and its first error."""

    stations: int = 0
    """Stations that match."""
    of: int = 0
    """Stations without a filter."""
    hidden: int = 0
    """Starred stations that do not match."""
    problem: str = ""
    """The first error in the filter's text; empty without one."""
