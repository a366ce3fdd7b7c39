"""What can be wrong with a config, in words that are safe to show."""

from __future__ import annotations

import re

from nobil_tui.base.text import quoted

KeyPath = tuple[str | int, ...]
"""Where something is in the file: keys, and positions in lists from zero."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ConfigError(Exception):
    """A config that cannot be used. Its text says where, what is wrong and what was expected, and holds no secret."""


class InvalidValueError(ConfigError):
    """A part of a config that is not what it must be."""

    def __init__(self, path: KeyPath, words: str) -> None:
        super().__init__(f"{dotted_path(path)} {words}")
        self.path = path
        """What it is about; the reader turns it into a line."""


def dotted_path(path: KeyPath) -> str:
    """Write a path as a reader knows it: ``interface.keys.star[1]``."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += ("." if words else "") + (part if _BARE_KEY.fullmatch(part) else quoted(part))
    return words or "the config"
