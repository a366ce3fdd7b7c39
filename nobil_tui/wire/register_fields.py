"""The fields of NOBIL's datadump, one by one: whatever stands there becomes text that can be shown, or nothing."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from nobil_tui.wire.register_entry import Attribute

MOST_NAME = 120
"""Characters of a name, a place, an operator."""
MOST_PROSE = 500
"""Characters of a description or a comment."""
MOST_KEY = 128
"""Characters of an EVSE UID; a longer one could not come in the stream either."""

_WORD = re.compile(r"\w+")
_SMALL_WORDS = {"i", "på", "og", "och", "ved", "vid"}


def text_of(value: Any, most: int = MOST_NAME) -> str:
    """Make a text of one line, without entities and control characters and of ``most`` characters at the most."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
        return str(value)
    if not isinstance(value, str):
        return ""
    # Nothing bounds what comes; an entity has up to thirty characters, and twice encoded some more.
    text = value[: 40 * most]
    if "&" in text:
        # Some entries were encoded twice.
        text = unescape(unescape(text))
    if not text.isprintable():
        text = "".join(character for character in " ".join(text.split()) if character.isprintable())
    text = text.strip()
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def words_of(attribute: Attribute | None) -> str:
    """Read what an attribute says in words."""
    return text_of(attribute.words) if attribute is not None else ""


def number_of(attribute: Attribute | None) -> str:
    """Read the number of what an attribute says."""
    return text_of(attribute.number, 12) if attribute is not None else ""


def key_of(attribute: Attribute | None) -> str:
    """Read an EVSE UID, as it is: it is compared with the stream's, letter by letter."""
    value = attribute.value if attribute is not None else None
    text = str(value) if type(value) is int and 0 < value < 10**18 else value
    return text if isinstance(text, str) and len(text) <= MOST_KEY and text.isprintable() else ""


def place_of(value: Any) -> str:
    """Read the name of a place: ``BERG I ØSTFOLD`` is how it stands there, and ``Berg i Østfold`` how it is written."""
    text = text_of(value)
    if not text.isupper():
        return text
    words = _WORD.sub(lambda word: word[0].lower() if word[0].lower() in _SMALL_WORDS else word[0].capitalize(), text)
    return words[:1].upper() + words[1:]


def country_code(value: Any) -> str:
    """Read the three letters of a country."""
    text = value.strip().upper() if isinstance(value, str) else ""
    return text if len(text) == 3 and text.isascii() and text.isalpha() else ""


def yes_or_no(attribute: Attribute | None) -> bool | None:
    """Read an attribute that is a yes or a no; None where it is neither."""
    said = words_of(attribute) or number_of(attribute)
    return {"yes": True, "1": True, "no": False, "2": False}.get(said.lower())


def opening_of(attribute: Attribute | None) -> str:
    """Read when a station is open: always, or in the words of whoever entered it."""
    always = yes_or_no(attribute)
    if attribute is None or always is None:
        return ""
    hours = text_of(attribute.value) if isinstance(attribute.value, str) else ""
    return "open 24h" if always else hours if len(hours) > 1 else "not open 24h"
