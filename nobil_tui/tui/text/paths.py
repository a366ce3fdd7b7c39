"""Paths of files in messages: as short as a line needs."""

from __future__ import annotations

import os
from pathlib import Path

from rich.cells import cell_len

from nobil_tui.base.patterns import LazyPattern

_SEPARATOR = os.sep
_WORDS = LazyPattern(r"\S+")


def home_folder() -> str:
    """Return the path of the user's home folder; empty if there is none."""
    try:
        return str(Path.home())
    except RuntimeError:
        return ""


def shorten_paths(text: str, width: int, home: str, ellipsis: str = "…") -> str:
    """Return a text with ``~`` for the folder ``home``, and with the middle of paths left out that
    are longer than ``width`` cells."""
    return _WORDS.sub(lambda word: _shortened(word[0], width, ellipsis), tilde_for_home(text, home))


def tilde_for_home(text: str, home: str) -> str:
    """Return a text with ``~`` for the folder ``home``."""
    return text.replace(home + _SEPARATOR, "~" + _SEPARATOR) if len(home) > 1 else text


def _shortened(word: str, width: int, ellipsis: str) -> str:
    """Return a word without folders in its middle, if it is a path that is too long."""
    parts = word.split(_SEPARATOR)
    if "://" in word or len(parts) < 4:
        return word
    # The root and the first folder say where it is, the file's name says what it is.
    while cell_len(word) > width and len(parts) > 3:
        del parts[-2]
        word = _SEPARATOR.join([*parts[:-1], ellipsis, parts[-1]])
    return word
