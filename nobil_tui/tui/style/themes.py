"""The two themes of our own, and the colours of the conditions in every other one.

Each condition has a glyph as well, so that no meaning hangs on a colour alone; green, violet and red differ in
lightness too, for those who cannot tell the hues apart.
"""

from __future__ import annotations

from textual.color import Color
from textual.theme import Theme

DARK = "nobil-dark"
LIGHT = "nobil-light"

_ON_DARK = {
    "free": "#3ddc84",
    "occupied": "#9aa5ff",
    "blocked": "#d59bf6",
    "reserved": "#62c6e8",
    "fault": "#ff6b64",
    "unknown": "#8590a0",
    "not-in-service": "#747f8e",
    "star": "#f5c451",
}
_ON_LIGHT = {
    "free": "#148542",
    "occupied": "#4237b0",
    "blocked": "#8a3ab9",
    "reserved": "#006d92",
    "fault": "#bb1b18",
    "unknown": "#646d7a",
    "not-in-service": "#707985",
    "star": "#a06400",
}

_ANSI = {
    "free": "ansi_green",
    "occupied": "ansi_blue",
    "blocked": "ansi_magenta",
    "reserved": "ansi_cyan",
    "fault": "ansi_red",
    "unknown": "ansi_white",
    "not-in-service": "ansi_white",
    "star": "ansi_yellow",
    "quiet": "ansi_white",
    "faint": "ansi_bright_black",
    "cursor": "ansi_bright_black",
}

THEMES = (
    Theme(
        DARK,
        primary="#4c9dff",
        secondary="#7f8cff",
        accent="#4c9dff",
        success="#3ddc84",
        warning="#f5c451",
        error="#ff6b64",
        foreground="#d7dee8",
        background="#0e1218",
        surface="#141a22",
        panel="#1b232d",
        dark=True,
        variables=_ON_DARK,
    ),
    Theme(
        LIGHT,
        primary="#0b63ce",
        secondary="#4237b0",
        accent="#0b63ce",
        success="#148542",
        warning="#8f5a00",
        error="#bb1b18",
        foreground="#1d2530",
        background="#fcfdfe",
        surface="#f3f6f9",
        panel="#e7ecf2",
        dark=False,
        variables=_ON_LIGHT,
    ),
)


def theme_variables_for(theme: Theme) -> dict[str, str]:
    """What our looks and our style sheet ask for and somebody else's theme lacks.

    The lines of a list are painted without the compositor's blending, so what is quiet is mixed here.
    """
    colours = theme.to_color_system().generate()
    mixed = dict(_ON_DARK if theme.dark else _ON_LIGHT)
    ground, ink, accent = (Color.parse(colours[name]) for name in ("background", "foreground", "primary"))
    if theme.ansi or ground.ansi is not None or ink.ansi is not None:
        # The terminal's own colours cannot be mixed.
        return {**mixed, **_ANSI}
    mixed["quiet"] = ground.blend(ink, 0.64).hex
    mixed["faint"] = ground.blend(ink, 0.3).hex
    mixed["cursor"] = ground.blend(accent, 0.24).hex
    return mixed
