"""Make text from outside safe and short enough to show."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

MAX_TEXT = 120
"""The most characters that are shown of a text from outside."""
MAX_QUOTED = 40
"""The most characters that are shown of a quoted text."""


def safe_text(text: str, most: int = MAX_TEXT) -> str:
    """Replace unprintable characters, and truncate to ``most`` characters with an ellipsis."""
    clean = "".join(character if character.isprintable() else "·" for character in text[:most])
    return clean + "…" if len(text) > most else clean


def without_controls(text: str) -> str:
    """Replace unprintable characters, except for tabs and the ends of lines."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in "\n\t" else "·" for each in text)


def escaped(data: bytes, most: int) -> str:
    """Return bytes as printable text of at most ``most`` characters, with escapes for the rest."""
    text = data.decode(errors="backslashreplace")
    parts = [
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[:most]
    ]
    whole = "".join(parts)
    return whole if len(whole) <= most and len(text) <= most else f"{whole[:most]}…"


def quoted(text: str) -> str:
    """Return a text in quotes, safe to show."""
    return f'"{safe_text(text, MAX_QUOTED)}"'


def one_of(names: Iterable[str]) -> str:
    """Join names: ``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def did_you_mean(text: str, names: Iterable[str]) -> str:
    """Return a sentence that suggests the most similar name, after a space; or an empty string."""
    import difflib

    # Comparing a long text is slow, and finds nothing.
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(text[:64].casefold(), folded, n=1, cutoff=0.6)
    return f' Did you mean "{folded[near[0]]}"?' if near else ""


def safe_path(path: Path) -> str:
    """Return a whole path without control characters."""
    return safe_text(str(path), most=4096)


def short_hash(text: str) -> str:
    """Return a short hash of a text, for the name of a file."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:12]
