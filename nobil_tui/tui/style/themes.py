"""Our two themes, and the colours that our styles add to every other theme."""

from __future__ import annotations

from textual.color import Color
from textual.theme import Theme

from nobil_tui.tui.style.conditions import CONDITION_LOOKS, STYLE_NAMES

DARK = "nobil-dark"
LIGHT = "nobil-light"

_ON_DARK = {
    **{STYLE_NAMES[condition]: look.on_dark for condition, look in CONDITION_LOOKS.items()},
    "star": "#f5c451",
}
_ON_LIGHT = {
    **{STYLE_NAMES[condition]: look.on_light for condition, look in CONDITION_LOOKS.items()},
    "star": "#a06400",
}
_ANSI = {
    **{STYLE_NAMES[condition]: look.ansi for condition, look in CONDITION_LOOKS.items()},
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
    """Return the variables that our styles and style sheet need and other themes lack.

    The lines of a list are painted without the compositor's blending, so that quiet colours are
    blended here.
    """
    colours = theme.to_color_system().generate()
    variables = dict(_ON_DARK if theme.dark else _ON_LIGHT)
    bg, fg, accent = (
        Color.parse(colours[name]) for name in ("background", "foreground", "primary")
    )
    if theme.ansi or bg.ansi is not None or fg.ansi is not None:
        # The terminal's own colours cannot be blended.
        return {**variables, **_ANSI}
    variables["quiet"] = bg.blend(fg, 0.64).hex
    variables["faint"] = bg.blend(fg, 0.3).hex
    variables["cursor"] = bg.blend(accent, 0.24).hex
    return variables
