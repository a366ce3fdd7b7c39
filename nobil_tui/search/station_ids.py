"""Find the station for a typed id."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nobil_tui.base.text import did_you_mean, quoted

_NUMBERED = re.compile(r"(?<![^\W\d_])([^\W\d_]++)[ _-]?+(\d++)")
"""An id of letters and a number, such as ``NOR_01333``. It is tried from its first letter only, and
nothing backtracks."""
MAX_STATION_TEXT = 64
"""Characters of an id; a longer text names no station."""
BY_FILTER = " To find stations by name, use a filter."
BY_LIST = ' To find the id of a station, use "nobil-tui list".'
"""For commands that take no filter."""


class StationIds:
    """The ids of known stations."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = set(ids)
        self._by_key: dict[str, list[str]] | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, text: str) -> str | None:
        """Return the id that ``text`` means: itself, or the only one that differs in case or
        zeros."""
        text = text.strip()
        if text in self._ids:
            return text
        found = self._keyed().get(_key(text), [])
        return found[0] if len(found) == 1 else None

    def problem(
        self, text: str, missing: str = "No station has the id", otherwise: str = BY_FILTER
    ) -> str:
        """Return a sentence that says that no station is meant, and which one could be.

        It begins with ``missing``, and ends with ``otherwise`` if ``text`` looks like a name.
        """
        similar = self._keyed().get(_key(text.strip()), [])
        if similar:
            return f"{quoted(text)} is ambiguous: it may be {' or '.join(sorted(similar)[:3])}."
        hint = did_you_mean(text, self._near(text)) or (
            "" if _NUMBERED.fullmatch(text) else otherwise
        )
        return f"{missing} {quoted(text)}.{hint}"

    def _near(self, text: str) -> list[str]:
        """Return the ids that may be similar: comparing a whole country is slow."""
        begin, length = text[:3].casefold(), len(text)
        return [
            station
            for station in self._ids
            if station[:3].casefold() == begin and abs(len(station) - length) <= 2
        ]

    def _keyed(self) -> dict[str, list[str]]:
        if self._by_key is None:
            self._by_key = {}
            for station in self._ids:
                self._by_key.setdefault(_key(station), []).append(station)
        return self._by_key


def _key(text: str) -> str:
    """Return the same key for ids that differ only in case, zeros or the separator."""
    folded = text[:MAX_STATION_TEXT].casefold()
    match = _NUMBERED.fullmatch(folded)
    return f"{match[1]}_{match[2].lstrip('0')}" if match else folded
