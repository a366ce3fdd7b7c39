"""Convert fields of NOBIL's datadump, which may have any type, to values that are safe to show."""

from __future__ import annotations

from typing import Any

from nobil_tui.base.patterns import LazyPattern
from nobil_tui.wire.register_entry import Attribute

MAX_SHORT_TEXT = 120
"""The most characters of a name, a place or an operator."""
MAX_PROSE = 500
"""The most characters of a description or a comment."""
MAX_EVSE_UID = 128
"""The most characters of an EVSE UID: the stream has no longer ones."""

_WORD = LazyPattern(r"\w+")
_SMALL_WORDS = {"i", "på", "og", "och", "ved", "vid"}


def text_of(value: Any, most: int = MAX_SHORT_TEXT) -> str:
    """Return a value as one line of at most ``most`` characters; empty if it is not a text.

    Entities are decoded, and control characters are removed.
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
        return str(value)
    if not isinstance(value, str):
        return ""
    # The input has no limit. An entity has up to thirty characters, more if it was encoded twice.
    text = value[: 40 * most]
    if "&" in text:
        from html import unescape

        # Some entries were encoded twice.
        text = unescape(unescape(text))
    if not text.isprintable():
        text = "".join(character for character in " ".join(text.split()) if character.isprintable())
    text = text.strip()
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def words_of(attribute: Attribute | None) -> str:
    """Return an attribute's value in words; empty without a value."""
    return text_of(attribute.words) if attribute is not None else ""


def number_of(attribute: Attribute | None) -> str:
    """Return the number of an attribute's value; empty without a value."""
    return text_of(attribute.number, 12) if attribute is not None else ""


def evse_uid_of(attribute: Attribute | None) -> str:
    """Return an EVSE UID unchanged, to be compared with the stream's; empty if it is invalid."""
    value = attribute.value if attribute is not None else None
    text = str(value) if type(value) is int and 0 < value < 10**18 else value
    return (
        text if isinstance(text, str) and len(text) <= MAX_EVSE_UID and text.isprintable() else ""
    )


def place_of(value: Any) -> str:
    """Return the name of a place in title case if it is all in capitals: ``Berg i Østfold``."""
    text = text_of(value)
    if not text.isupper():
        return text
    words = _WORD.sub(
        lambda word: word[0].lower() if word[0].lower() in _SMALL_WORDS else word[0].capitalize(),
        text,
    )
    return words[:1].upper() + words[1:]


def country_code(value: Any) -> str:
    """Return the three-letter code of a country; empty if it is not one."""
    text = value.strip().upper() if isinstance(value, str) else ""
    return text if len(text) == 3 and text.isascii() and text.isalpha() else ""


def yes_or_no(attribute: Attribute | None) -> bool | None:
    """Return whether an attribute says yes; None if it says neither yes nor no."""
    said = words_of(attribute) or number_of(attribute)
    return {"yes": True, "1": True, "no": False, "2": False}.get(said.lower())


def opening_of(attribute: Attribute | None) -> str:
    """Return the opening hours in words; empty if they are unknown."""
    always = yes_or_no(attribute)
    if attribute is None or always is None:
        return ""
    hours = text_of(attribute.value) if isinstance(attribute.value, str) else ""
    return "open 24h" if always else hours if len(hours) > 1 else "not open 24h"
