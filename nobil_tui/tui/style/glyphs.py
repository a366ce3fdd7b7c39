"""The signs of the interface, in Unicode and for poor terminals in ASCII. A condition always has a sign of its own."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len, set_cell_size

from nobil_tui.charging.conditions import Condition


class Glyphs(Struct, frozen=True):
    """One set of signs."""

    conditions: tuple[str, ...]
    """By the condition's value."""
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
    bars: str
    """From nothing to most, for the sparkline."""

    def of(self, condition: Condition) -> str:
        """The sign of a condition."""
        return self.conditions[condition]


UNICODE = Glyphs(
    conditions=("●", "■", "▣", "◆", "✗", "·", "–"),
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
    bars="▁▂▃▄▅▆▇█",
)

ASCII = Glyphs(
    conditions=("o", "#", "B", "R", "x", "?", "-"),
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
    bars="_.,-=+*#",
)


def truncate(text: str, width: int, ellipsis: str = "…") -> str:
    """Fit a text from outside into ``width`` cells: control characters go, and what is cut ends in an ellipsis."""
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, max(0, width - len(ellipsis))).rstrip() + ellipsis[:width]
    return text


def fit_width(text: str, width: int, ellipsis: str = "…") -> str:
    """Cut a text and fill it up with spaces to exactly ``width`` cells."""
    text = truncate(text, width, ellipsis)
    length = len(text) if text.isascii() else cell_len(text)
    return text + " " * (width - length)


def sparkline(values: Sequence[float], bars: str) -> str:
    """Draw values as bars, the greatest one as the highest."""
    most = max(values, default=0) or 1
    return "".join(bars[round(value / most * (len(bars) - 1))] for value in values)
