"""How words and signs look: in which of the theme's colours, and how strong.

Not in the style sheet: for each name that a widget declares there, the library makes a node and styles it, each time
that the widget's own styles change. For the lists and the bars that was a tenth of the time to the first paint.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from rich.style import Style
from textual.color import Color

from nobil_tui.charging.conditions import Condition


class StyleRule(Struct, frozen=True):
    """Colours by the names of the theme's variables; what is empty stays as it is."""

    ink: str = ""
    ground: str = ""
    bold: bool | None = None
    dim: bool | None = None


CONDITIONS = tuple(condition.name.lower().replace("_", "-") for condition in Condition)
"""The look of each condition, which is the theme's variable for it as well."""

STYLES = {
    **{name: StyleRule(name) for name in CONDITIONS},
    "cursor": StyleRule(ground="cursor"),
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


def style_of(name: str, variables: Mapping[str, str]) -> Style:
    """Return the style of a look in a theme, given its variables, to be laid over another."""
    look = STYLES[name]
    ink, ground = (Color.parse(variables[colour]).rich_color if colour else None for colour in (look.ink, look.ground))
    return Style(color=ink, bgcolor=ground, bold=look.bold, dim=look.dim)
