"""Errors of the config. Their messages are safe to show."""

from __future__ import annotations

from nobil_tui.base.patterns import LazyPattern
from nobil_tui.base.text import quoted

KeyPath = tuple[str | int, ...]
"""A path in the file: keys, and indexes of lists."""

_BARE_KEY = LazyPattern(r"[A-Za-z0-9_-]{1,64}")


class ConfigError(Exception):
    """An invalid config. The message says where, what is wrong and what is expected."""


class InvalidValueError(ConfigError):
    """An invalid value in a config."""

    def __init__(self, path: KeyPath, words: str) -> None:
        super().__init__(f"{dotted_path(path)} {words}")
        self.path = path
        """The path of the value. The reader adds its line."""


def dotted_path(path: KeyPath) -> str:
    """Format a path: ``interface.keys.star[1]``."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += ("." if words else "") + (part if _BARE_KEY.fullmatch(part) else quoted(part))
    return words or "the config"
