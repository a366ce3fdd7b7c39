"""A terminal that draws nothing but ASCII: what comes from outside is written in the letters that it has."""

from __future__ import annotations

import codecs
from contextlib import suppress
from typing import ClassVar, TextIO

from rich.cells import get_character_cell_size
from textual.scrollbar import ScrollBarRender

from nobil_tui.search.folding import fold

_NAME = "nobil-tui-plain"
_SIGNS = str.maketrans({"…": "~", "–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "×": "x"})


def to_ascii(text: str) -> str:
    """Write a text in ASCII, of the same width: letters without their accents, and a ? for what has no such letter."""
    return "".join(character if character.isascii() else _one(character) for character in text)


def force_ascii(stream: TextIO | None) -> None:
    """Have all that is written to a terminal be ASCII, whatever it says that it can draw."""
    codecs.register_error(_NAME, _replaced)
    # What is no file of the system's cannot be changed, and is no terminal.
    with suppress(AttributeError, ValueError, OSError):
        stream.reconfigure(encoding="ascii", errors=_NAME)  # type: ignore[union-attr]  # suppressed where it has none


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return to_ascii(error.object[error.start : error.end]), error.end


def _one(character: str) -> str:
    width = get_character_cell_size(character)
    sign = character.translate(_SIGNS)
    if not sign.isascii():
        sign = fold(character).upper() if character.isupper() else fold(character)
    return sign[:width].ljust(width, "?") if sign.isascii() else "?" * width


class AsciiScrollBar(ScrollBarRender):
    """A scroll bar whose ends are as square as its middle."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8
