"""Wrapping of texts from outside into lines of a width in cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len, chop_cells

from nobil_tui.tui.style.glyphs import truncate


def wrap_text(text: str, width: int, most: int, ellipsis: str = "…") -> list[str]:
    """Return a text wrapped at spaces into at most ``most`` lines; an ellipsis ends a longer
    text."""
    # Rich does not terminate for a width of 0.
    width = max(1, width)
    return _pack(_words(text, width), " ", width, most, ellipsis)


def flow_parts(
    parts: Iterable[str], between: str, width: int, most: int, ellipsis: str = "…"
) -> list[str]:
    """Return parts joined by ``between``, wrapped into at most ``most`` lines.

    A part is never split, but truncated if it is longer than a line.
    """
    return _pack(
        (truncate(part, width, ellipsis) for part in parts if part), between, width, most, ellipsis
    )


def _pack(parts: Iterable[str], between: str, width: int, most: int, ellipsis: str) -> list[str]:
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
        # A character has two cells at most: this only removes the non-printable ones.
        printable = truncate(word, len(word) * 2)
        fits = cell_len(printable) <= width
        yield from filter(None, (printable,) if fits else chop_cells(printable, width))
