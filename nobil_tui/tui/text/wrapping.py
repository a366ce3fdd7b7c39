"""Texts from outside, on more than one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len, chop_cells

from nobil_tui.tui.style.glyphs import truncate


def wrap_text(text: str, width: int, most: int, ellipsis: str = "…") -> list[str]:
    """Wrap a text at its blanks into at most ``most`` lines of ``width`` cells; an ellipsis stands for the rest."""
    # In no room at all the library that cuts would never come to an end.
    width = max(1, width)
    return _packed(_words(text, width), " ", width, most, ellipsis)


def flow_parts(parts: Iterable[str], between: str, width: int, most: int, ellipsis: str = "…") -> list[str]:
    """Put parts beside one another, and on the next line what does not fit; a part is never torn, but may be cut."""
    return _packed((truncate(part, width, ellipsis) for part in parts if part), between, width, most, ellipsis)


def _packed(parts: Iterable[str], between: str, width: int, most: int, ellipsis: str) -> list[str]:
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(lines[-1]) + cell_len(between) + cell_len(part) <= width:
            lines[-1] += between + part
        elif len(lines) < most:
            lines.append(part)
        else:
            lines[-1] = truncate(f"{lines[-1]}{between}{part}", width, ellipsis)
            break
    return lines


def _words(text: str, width: int) -> Iterator[str]:
    for word in text.split():
        # Twice as many cells as letters is never too few: this takes away only what cannot be printed.
        printable = truncate(word, len(word) * 2)
        yield from filter(None, chop_cells(printable, width) if cell_len(printable) > width else (printable,))
