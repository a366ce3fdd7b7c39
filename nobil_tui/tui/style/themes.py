"""The two themes of the app, and the colours that our styles add to every other theme."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from textual.color import Color
from textual.theme import Theme

from nobil_tui.base.text import did_you_mean
from nobil_tui.config.model import THEME_COLOURS, ThemeSection
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


AUTO = "auto"
"""Dark or light, like the terminal."""


def theme_of_terminal(is_light: bool | None, environ: Mapping[str, str] = os.environ) -> str:
    """Return the theme that suits the terminal's background: ``is_light``, if it has answered,
    else as ``COLORFGBG`` has it, else the dark one.

    The variable's last number is one of 16 colours: rxvt, Konsole, iTerm2 and others set it.
    """
    if is_light is not None:
        return LIGHT if is_light else DARK
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    # Light grey, and the bright colours except grey.
    return LIGHT if background in ("7", *map(str, range(9, 16))) else DARK


def user_themes(sections: Mapping[str, ThemeSection]) -> list[Theme]:
    """Return the themes of ``[themes.NAME]``: a colour that one leaves out is that of our own
    theme."""
    return [_user_theme(name, section) for name, section in sections.items()]


def _user_theme(name: str, section: ThemeSection) -> Theme:
    base = THEMES[0] if section.dark else THEMES[1]
    own = {each: colour for each, colour in section.colours.items() if colour}
    known: dict[str, Any] = {each: own.pop(each) for each in THEME_COLOURS if each in own}
    return replace(base, name=name, variables={**base.variables, **own}, **known)


def problem_of_theme(name: str, known: Iterable[str]) -> str:
    """Return a warning if the config names an unknown theme; empty if it is known."""
    names = {*known, AUTO}
    if not name or name in names:
        return ""
    near = did_you_mean(name, sorted(names))
    return f"[interface] theme: there is no theme {name!r}.{near} Choose a theme with its command."


def theme_named(name: str, known: Iterable[str], is_light: bool | None) -> str:
    """Return the theme to use for a name of the config; ``is_light``: of the terminal."""
    return name if name in known else theme_of_terminal(is_light)


def theme_variables_for(theme: Theme) -> dict[str, str]:
    """Return the variables that our styles and style sheet need and other themes lack.

    The lines of a list are painted without the compositor's blending, so that quiet colours are
    blended here.
    """
    variables = dict(_ON_DARK if theme.dark else _ON_LIGHT)
    variables |= {each: colour for each, colour in theme.variables.items() if each in variables}
    bg, fg, accent = map(Color.parse, _colours_to_blend(theme))
    if theme.ansi or bg.ansi is not None or fg.ansi is not None:
        # The terminal's own colours cannot be blended.
        return {**variables, **_ANSI}
    variables["quiet"] = bg.blend(fg, 0.64).hex
    variables["faint"] = bg.blend(fg, 0.3).hex
    variables["cursor"] = bg.blend(accent, 0.24).hex
    return variables


def _colours_to_blend(theme: Theme) -> tuple[str, str, str]:
    """Return the background, the foreground and the primary colour of a theme."""
    if theme.background is not None and theme.foreground is not None:
        return theme.background, theme.foreground, theme.primary
    # Textual derives what a theme leaves out, with all its shades, which takes 2 ms of the start.
    derived = theme.to_color_system().generate()
    return derived["background"], derived["foreground"], derived["primary"]
