"""What can be wrong with a config, in words that are safe to show."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nobil_tui.config.text import shown

MOST_QUOTED = 40
"""Characters of a text from the file that are shown."""

KeyPath = tuple[str | int, ...]
"""Where something is in the file: keys, and positions in lists from zero."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ConfigError(Exception):
    """A config that cannot be used. Its text says where, what is wrong and what was expected, and holds no secret."""


class MisfitError(ConfigError):
    """A part of a config that is not what it must be."""

    def __init__(self, path: KeyPath, words: str) -> None:
        super().__init__(f"{dotted(path)} {words}")
        self.path = path
        """What it is about; the reader turns it into a line."""


class NotSavedError(Exception):
    """A config that could not be written, and so is as it was. Its text says what, where and what to do."""


def quoted(text: str) -> str:
    """Show a text as a value."""
    return f'"{shown(text, MOST_QUOTED)}"'


def dotted(path: KeyPath) -> str:
    """Write a path as a reader knows it: ``interface.keys.star[1]``."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += ("." if words else "") + (part if _BARE_KEY.fullmatch(part) else quoted(part))
    return words or "the config"


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
