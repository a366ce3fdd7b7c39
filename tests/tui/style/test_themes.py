"""Themes: every colour in every theme, with enough contrast."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from nobil_tui.charging.conditions import Condition
from nobil_tui.config.model import ThemeSection
from nobil_tui.tui.style.glyphs import UNICODE
from nobil_tui.tui.style.themes import (
    DARK,
    LIGHT,
    THEMES,
    theme_of_terminal,
    theme_variables_for,
    user_themes,
)
from nobil_tui.tui.widgets.virtual_list import VirtualList
from tests.tui.widget_host import Stage

OURS = {theme.name: theme for theme in THEMES}
ALL = {**BUILTIN_THEMES, **OURS}
MIXED = {name: theme for name, theme in ALL.items() if not theme.ansi}
"""Themes that do not use the terminal's own colours."""
NAMES = [condition.name.lower().replace("_", "-") for condition in Condition]
READABLE = 3.0
"""The minimum contrast of a glyph, by the Web Content Accessibility Guidelines 2.1."""


class Signs(VirtualList):
    """One line for each condition."""

    count = len(Condition)

    def segments(self, index: int, width: int) -> list[Segment]:
        condition = list(Condition)[index]
        return [Segment(UNICODE.conditions[condition], self.condition_style(condition, index == 0))]


def colours_of(theme: Theme) -> dict[str, Color]:
    """Return the colours of a style sheet, in which the theme's own take precedence."""
    defined = {**theme_variables_for(theme), **theme.to_color_system().generate()}
    return {
        name: Color.parse(defined[name])
        for name in (*NAMES, "star", "quiet", "background", "cursor")
    }


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours, from 1 to 21, by the same guidelines."""

    def luminance(colour: Color) -> float:
        linear = [
            c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_formula() -> None:
    assert contrast(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
    assert contrast(Color.parse("#777"), Color.parse("#fff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.slow
async def test_every_theme_has_every_colour() -> None:
    signs = Signs(id="signs")
    app = Stage(signs)
    async with app.run_test(size=(20, 10)) as pilot:
        assert {*app.available_themes} >= {*ALL}
        for name in ALL:
            # A missing variable raises an error in the app.
            app.theme = name
            await pilot.pause()
            styles = [
                segment.style for y in range(len(Condition)) for segment in signs.render_line(y)
            ][::2]
            assert all(style and style.color and not style.color.is_default for style in styles), (
                name
            )


def test_every_condition_has_contrast() -> None:
    for theme in MIXED.values():
        colours = colours_of(theme)
        for name in NAMES:
            assert contrast(colours[name], colours["background"]) >= READABLE, (theme.name, name)


def test_our_themes_have_contrast_under_the_cursor() -> None:
    for theme in OURS.values():
        colours = colours_of(theme)
        for name, ground in product((*NAMES, "star", "quiet"), ("background", "cursor")):
            assert contrast(colours[name], colours[ground]) >= READABLE, (theme.name, name, ground)


def test_free_in_use_and_fault_differ_in_lightness_too() -> None:
    # For users who cannot distinguish the hues.
    for theme in OURS.values():
        colours = colours_of(theme)
        for one, other in combinations(("free", "occupied", "fault"), 2):
            assert contrast(colours[one], colours[other]) >= 1.2, (theme.name, one, other)


def test_colours_are_blended_from_those_that_textual_derives() -> None:
    for theme in ALL.values():
        own, derived = theme_variables_for(theme), theme.to_color_system().generate()
        if not theme.ansi:
            bg, fg = Color.parse(derived["background"]), Color.parse(derived["foreground"])
            assert own["quiet"] == bg.blend(fg, 0.64).hex, theme.name


def test_ansi_themes_are_not_blended() -> None:
    for theme in ALL.values():
        if theme.ansi:
            own = theme_variables_for(theme)
            assert {
                value.partition("_")[0] for name, value in own.items() if name in (*NAMES, "quiet")
            } == {"ansi"}


def test_one_of_ours_is_dark_and_one_light() -> None:
    assert [(name, OURS[name].dark) for name in (DARK, LIGHT)] == [(DARK, True), (LIGHT, False)]


def test_the_theme_suits_the_background_that_the_terminal_tells() -> None:
    for value, theme in (
        ("0;15", LIGHT),
        ("0;default;15", LIGHT),
        ("0;7", LIGHT),
        ("15;0", DARK),
        ("15;8", DARK),
        ("15;default", DARK),
        ("", DARK),
    ):
        assert theme_of_terminal(None, {"COLORFGBG": value}) == theme, value
        assert theme_of_terminal(True, {"COLORFGBG": value}) == LIGHT
    assert theme_of_terminal(None, {}) == DARK
    assert theme_of_terminal(False, {"COLORFGBG": "0;15"}) == DARK


def test_a_theme_of_the_user_fills_its_gaps() -> None:
    dark, light = user_themes(
        {
            "evening": ThemeSection(primary="#ffb454", free="#00ff88"),
            "noon": ThemeSection(dark=False, panel="#ffffff"),
        }
    )
    assert (dark.name, dark.primary, dark.background) == ("evening", "#ffb454", "#0e1218")
    assert theme_variables_for(dark)["free"] == "#00ff88"
    assert theme_variables_for(dark)["fault"] == THEMES[0].variables["fault"]
    assert (light.panel, light.foreground, light.dark) == ("#ffffff", "#1d2530", False)
