"""Output for terminals that only display ASCII: transliterate texts from outside."""

from __future__ import annotations

import codecs
from contextlib import suppress
from typing import ClassVar, TextIO

from rich.cells import get_character_cell_size
from textual.scrollbar import ScrollBarRender

from nobil_tui.search.folding import fold

_ERROR_HANDLER = "nobil-tui-ascii"
_REPLACEMENTS = str.maketrans(
    {"…": "~", "–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "×": "x"}
)


def to_ascii(text: str) -> str:
    """Return a text in ASCII of the same width: accents are removed, other characters become ?."""
    return "".join(
        character if character.isascii() else _transliterate(character) for character in text
    )


def force_ascii(stream: TextIO | None) -> None:
    """Make a stream write ASCII only, whatever its encoding."""
    codecs.register_error(_ERROR_HANDLER, _replace_error)
    # A stream without an encoding is not a terminal.
    with suppress(AttributeError, ValueError, OSError):
        stream.reconfigure(encoding="ascii", errors=_ERROR_HANDLER)  # type: ignore[union-attr]  # suppressed


def _replace_error(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return to_ascii(error.object[error.start : error.end]), error.end


def _transliterate(character: str) -> str:
    width = get_character_cell_size(character)
    sign = character.translate(_REPLACEMENTS)
    if not sign.isascii():
        sign = fold(character).upper() if character.isupper() else fold(character)
    return sign[:width].ljust(width, "?") if sign.isascii() else "?" * width


class AsciiScrollBar(ScrollBarRender):
    """A scroll bar without the partial blocks at its ends."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8
