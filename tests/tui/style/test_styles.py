"""Named styles in every theme."""

from __future__ import annotations

from rich.color import Color
from rich.style import Style
from textual.app import App
from textual.theme import BUILTIN_THEMES, Theme

from nobil_tui.tui.style.conditions import STYLE_NAMES
from nobil_tui.tui.style.styles import COLOURLESS, STYLES, style_of
from nobil_tui.tui.style.themes import DARK, THEMES, theme_variables_for

ALL = {theme.name: theme for theme in (*BUILTIN_THEMES.values(), *THEMES)}


def variables(theme: Theme) -> dict[str, str]:
    """Return the variables as Textual merges them."""
    return {**theme_variables_for(theme), **theme.to_color_system().generate(), **theme.variables}


def test_every_theme_has_every_style() -> None:
    for theme in ALL.values():
        defined = variables(theme)
        for name, rule in STYLES.items():
            style = style_of(name, defined)
            assert (style.color is not None) is bool(rule.fg), (theme.name, name)
            assert (style.bgcolor is not None) is bool(rule.bg), (theme.name, name)
            assert style, (theme.name, name)


def test_conditions_differ_without_colours() -> None:
    """A fault stands out, and what is free stands out from what is not."""
    for theme in THEMES:
        defined = variables(theme)
        styles = {
            name: style_of(name, defined, colourless=True)
            for name in (*STYLE_NAMES.values(), "")
            if name
        }
        assert [name for name, style in styles.items() if style.reverse] == ["fault"]
        assert {name for name, style in styles.items() if style.bold} == {"fault", "free"}
        shades = {name: style.color for name, style in styles.items()}
        assert shades["unknown"] == shades["not-in-service"] != shades["occupied"]
        # No shade of grey of a colour has a meaning of its own.
        assert shades["fault"] is shades["free"] is None
    assert style_of("refused", defined, colourless=True).reverse
    assert {*COLOURLESS} <= {*STYLES}


def test_a_style_is_added_to_another() -> None:
    ground = Style(color="#010203", bgcolor="#040506", italic=True)
    mine = variables(ALL[DARK])
    assert ground + style_of("strong", mine) == ground + Style(bold=True)
    assert ground + style_of("stale", mine) == ground + Style(dim=True)
    assert ground + style_of("fault", mine) == ground + Style(color="#ff6b64")
    assert ground + style_of("live", mine) == ground + Style(color="#3ddc84", bold=True)
    assert (ground + style_of("cursor", mine)).color == Color.parse("#010203")
    assert (ground + style_of("simulated", mine)) == Style(
        color="#0e1218", bgcolor="#f5c451", bold=True, italic=True
    )


async def test_textual_passes_the_variables_of_its_theme() -> None:
    class Bare(App[None]):
        def get_theme_variable_defaults(self) -> dict[str, str]:
            return theme_variables_for(self.current_theme)

    app = Bare()
    for theme in THEMES:
        app.register_theme(theme)
    async with app.run_test() as pilot:
        for theme in THEMES:
            app.theme = theme.name
            await pilot.pause()
            assert style_of("free", app.theme_variables) == style_of("free", variables(theme))
