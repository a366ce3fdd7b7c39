"""Named styles of words and glyphs, in the colours of the theme.

They are not in the style sheet: for every name that a widget declares there, Textual creates a node
and styles it whenever the widget's own styles change. For the lists and the bars that took a tenth
of the time to the first paint.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from rich.style import Style
from textual.color import Color

from nobil_tui.tui.style.conditions import STYLE_NAMES


class StyleRule(Struct, frozen=True):
    """Colours, by the names of the theme's variables, and attributes; unset ones do not change."""

    fg: str = ""
    bg: str = ""
    bold: bool | None = None
    dim: bool | None = None
    reverse: bool | None = None


STYLES = {
    **{name: StyleRule(name) for name in STYLE_NAMES.values()},
    "cursor": StyleRule(bg="cursor"),
    "key": StyleRule("primary", bold=True),
    "live": StyleRule("free", bold=True),
    "note": StyleRule("primary"),
    "plain": StyleRule("foreground"),
    "quiet": StyleRule("quiet"),
    "refused": StyleRule("fault", bold=True),
    "simulated": StyleRule("background", "star", bold=True),
    "stale": StyleRule(dim=True),
    "star": StyleRule("star"),
    "strong": StyleRule(bold=True),
    "warning": StyleRule("warning"),
}


COLOURLESS = {
    "fault": StyleRule(bold=True, reverse=True),
    "free": StyleRule(bold=True),
    "live": StyleRule(bold=True),
    "note": StyleRule("foreground"),
    "blocked": StyleRule("foreground"),
    "occupied": StyleRule("foreground"),
    "refused": StyleRule(bold=True, reverse=True),
    "reserved": StyleRule("foreground"),
    "star": StyleRule(bold=True),
    "unknown": StyleRule("quiet"),
    "not-in-service": StyleRule("quiet"),
    "warning": StyleRule(bold=True),
}
"""Styles for a display without colours, where only the shade of grey would differ: red is darker
than green, but a fault must be prominent."""


def style_of(name: str, variables: Mapping[str, str], *, colourless: bool = False) -> Style:
    """Return a named style, given the variables of the theme, to be added to another style.

    ``colourless``: colours are shown as shades of grey.
    """
    rule = COLOURLESS.get(name, STYLES[name]) if colourless else STYLES[name]
    fg, bg = (
        Color.parse(variables[colour]).rich_color if colour else None
        for colour in (rule.fg, rule.bg)
    )
    return Style(color=fg, bgcolor=bg, bold=rule.bold, dim=rule.dim, reverse=rule.reverse)
