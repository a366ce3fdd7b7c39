"""Every condition has a look: one row in ``CONDITION_LOOKS`` is all that a new one needs."""

from __future__ import annotations

from rich.cells import cell_len
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from nobil_tui.charging.conditions import Condition
from nobil_tui.tui.style.conditions import CONDITION_LOOKS, STYLE_NAMES
from nobil_tui.tui.style.glyphs import ASCII, UNICODE
from nobil_tui.tui.style.styles import STYLES
from nobil_tui.tui.style.themes import THEMES, theme_variables_for


def test_every_condition_has_one_row() -> None:
    assert list(CONDITION_LOOKS) == list(Condition)


def test_every_condition_has_a_glyph_of_its_own_in_each_set() -> None:
    for glyphs in (UNICODE, ASCII):
        assert list(glyphs.conditions) == list(Condition)
        assert len({*glyphs.conditions.values()}) == len(Condition)
        assert all(cell_len(glyph) == 1 for glyph in glyphs.conditions.values())
    assert all(glyph.isascii() for glyph in ASCII.conditions.values())


def test_every_condition_has_a_colour_in_each_theme() -> None:
    for theme in (*BUILTIN_THEMES.values(), *THEMES):
        variables = theme_variables_for(theme)
        for condition in Condition:
            assert Color.parse(variables[STYLE_NAMES[condition]]), (theme.name, condition)


def test_every_condition_has_a_style() -> None:
    assert all(STYLES[name].fg == name for name in STYLE_NAMES.values())
    assert STYLE_NAMES[Condition.NOT_IN_SERVICE] == "not-in-service"
