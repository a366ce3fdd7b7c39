"""The status words of streams that use words instead of version 1's numbers."""

from __future__ import annotations

from nobil_tui.base.text import safe_text
from nobil_tui.charging.conditions import BY_WORD
from nobil_tui.charging.station import WordConnector

MAX_WORD = 40
"""The most characters of a status word that are kept."""

# All connectors share the word of this table: a country would otherwise hold a copy for each.
_WORDS = {word: (*condition.version_1, word) for word, condition in BY_WORD.items()}


def connector_from(word: str, timestamp: int = -1) -> WordConnector:
    """Return the connector that a status word reports, with version 1's numbers for it.

    ``timestamp``: since when, in ms; -1 if that is not known.
    """
    status, error, kept = _WORDS.get(word) or (-1, 0, safe_text(word, MAX_WORD))
    return WordConnector(status, error, timestamp, kept)
