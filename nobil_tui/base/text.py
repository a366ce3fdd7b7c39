"""Texts that come from outside, made safe and short enough to show."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

MAX_TEXT = 120
"""Characters of a text from outside that are shown."""
MAX_QUOTED = 40
"""Characters of a text from the file that are shown."""


def safe_text(text: str, most: int = MAX_TEXT) -> str:
    """Make a text safe and short enough to show: at most ``most`` characters, and an ellipsis."""
    clean = "".join(character if character.isprintable() else "·" for character in text[:most])
    return clean + "…" if len(text) > most else clean


def quoted(text: str) -> str:
    """Show a text as a value."""
    return f'"{safe_text(text, MAX_QUOTED)}"'


def one_of(names: Iterable[str]) -> str:
    """``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def did_you_mean(text: str, names: Iterable[str]) -> str:
    """A sentence that names what is most like ``text``, with a space before it; empty where nothing is."""
    import difflib

    # A long text is like nothing, and comparing it takes long.
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(text[:64].casefold(), folded, n=1, cutoff=0.6)
    return f' Did you mean "{folded[near[0]]}"?' if near else ""


def safe_path(path: Path) -> str:
    """Show a path whole, without what a terminal would obey."""
    return safe_text(str(path), most=4096)


def short_hash(text: str) -> str:
    """Make a short name of a text, for a file."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:12]
