"""The glyphs of the interface in Unicode and in ASCII, and texts fitted to a width in cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from rich.cells import cell_len, set_cell_size

from nobil_tui.charging.conditions import Condition
from nobil_tui.tui.style.conditions import CONDITION_LOOKS


class Glyphs(Struct, frozen=True):
    """One set of glyphs."""

    conditions: Mapping[Condition, str]
    star: str
    alert: str
    cursor: str
    live: str
    arrow: str
    up: str
    down: str
    at_least: str
    ellipsis: str
    dot: str
    strip: Mapping[Condition, str]
    """A cell of a strip of the last hours."""
    bars: str
    """Bars of the sparkline, from the lowest to the highest."""


UNICODE = Glyphs(
    conditions={condition: look.unicode for condition, look in CONDITION_LOOKS.items()},
    star="★",
    alert="!",
    cursor="▌",
    live="●",
    arrow="→",
    up="▲",
    down="▼",
    at_least="≥",
    ellipsis="…",
    dot="·",
    strip={
        **{condition: look.unicode for condition, look in CONDITION_LOOKS.items()},
        Condition.FREE: "▁",
        Condition.OCCUPIED: "▆",
    },
    bars="▁▂▃▄▅▆▇█",
)

ASCII = Glyphs(
    conditions={condition: look.ascii for condition, look in CONDITION_LOOKS.items()},
    star="*",
    alert="!",
    cursor=">",
    live="*",
    arrow="->",
    up="^",
    down="v",
    at_least=">=",
    ellipsis="~",
    dot="|",
    strip={
        **{condition: look.ascii for condition, look in CONDITION_LOOKS.items()},
        Condition.FREE: "_",
    },
    bars="_.,-=+*#",
)


def truncate(text: str, width: int, ellipsis: str = "…") -> str:
    """Return a text in at most ``width`` cells, without control characters.

    A text that is too long ends in an ellipsis.
    """
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, max(0, width - len(ellipsis))).rstrip() + ellipsis[:width]
    return text


def fit_width(text: str, width: int, ellipsis: str = "…") -> str:
    """Return a text in exactly ``width`` cells, truncated or padded with spaces on the right."""
    if text.isascii() and text.isprintable() and len(text) <= width:
        # Most texts of a row.
        return text.ljust(width)
    text = truncate(text, width, ellipsis)
    return text + " " * (width - cell_len(text))


def fit_right(text: str, width: int, ellipsis: str = "…") -> str:
    """Return a text in exactly ``width`` cells, truncated or padded with spaces on the left."""
    if text.isascii() and text.isprintable() and len(text) <= width:
        return text.rjust(width)
    text = truncate(text, width, ellipsis)
    return " " * (width - cell_len(text)) + text


def sparkline(values: Sequence[float], bars: str) -> str:
    """Return a bar for each value; the greatest value has the highest bar."""
    most = max(values, default=0) or 1
    return "".join(bars[round(value / most * (len(bars) - 1))] for value in values)
