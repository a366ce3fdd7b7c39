"""Theme, crash, colours and toasts of an app."""

from __future__ import annotations

import logging

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.css.stylesheet import Stylesheet
from textual.strip import Strip
from textual.widgets import Label

from nobil_tui.tui.style.themes import DARK, LIGHT, THEMES, theme_variables_for
from nobil_tui.tui.textual_internals.app_state import (
    CrashReport,
    filter_colours_safely,
    shows_toast,
    start_with_theme,
)


class Themed(App[None]):
    CSS = "Label { color: $quiet; }"

    def __init__(self, *, at_start: bool, name: str) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        if at_start:
            start_with_theme(self, name)
        else:
            self.theme = name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variables_for(self.current_theme)

    def compose(self) -> ComposeResult:
        yield Label("text")


@pytest.mark.parametrize("name", [DARK, LIGHT, "nord", "ansi-dark"])
async def test_a_theme_set_at_the_start_is_like_one_set_the_usual_way(name: str) -> None:
    looks = []
    for at_start in (True, False):
        app = Themed(at_start=at_start, name=name)
        async with app.run_test() as pilot:
            await pilot.pause()
            label = app.query_one(Label)
            looks.append((app.theme, app.classes, app.screen.styles.background, label.rich_style))
    assert looks[0] == looks[1]


class Crashing(CrashReport, App[None]):
    def on_mount(self) -> None:
        secret = "s3cr3t-key"  # what a traceback would show
        raise RuntimeError(f"on purpose, {len(secret)}")


async def test_a_crash_is_logged_and_shows_no_local_variables(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RuntimeError, match="on purpose"), caplog.at_level(logging.CRITICAL):
        async with Crashing().run_test():
            pass
    output = capsys.readouterr()
    assert output.err + output.out == ""
    assert "s3cr3t" not in caplog.text
    assert "on purpose" in caplog.text


def test_text_without_a_style_has_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = App[None]()
    segments = [Segment("a"), Segment("b", Style(color="red", bold=True))]
    background = Color(0, 0, 0)
    # Otherwise our filter is no longer needed.
    with pytest.raises(AttributeError):
        Strip(segments).apply_filter(app._filters[-1], background)
    filter_colours_safely(app)
    strip = Strip(segments).apply_filter(app._filters[-1], background)
    assert strip.text == "ab"
    style = [*strip][1].style
    assert style is not None
    assert style.bold
    assert style.color is not None
    assert style.color.triplet is not None
    assert len(set(style.color.triplet)) == 1


async def test_a_toast_that_is_shown_is_known() -> None:
    app = App[None]()
    async with app.run_test(notifications=True) as pilot:
        app.notify("text", title="title", timeout=999)
        await pilot.pause()
        assert shows_toast(app, "text", "title")
        assert not shows_toast(app, "text", "")
        app.clear_notifications()
        assert not shows_toast(app, "text", "title")


class Reporting(App[None]):
    def on_mount(self) -> None:
        secret = "s3cr3t-key"
        raise RuntimeError(f"on purpose, {len(secret)}")


async def test_textuals_own_report_still_shows_local_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Otherwise ``CrashReport`` is no longer needed."""
    with pytest.raises(RuntimeError, match="on purpose"):
        async with Reporting().run_test():
            pass
    assert "s3cr3t-key" in capsys.readouterr().err


async def test_a_theme_that_is_set_still_parses_all_style_sheets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise ``start_with_theme`` is no longer needed."""
    app = App[None]()
    parsed: list[object] = []
    original = Stylesheet.reparse

    def reparse(sheet: Stylesheet) -> None:
        parsed.append(sheet)
        original(sheet)

    async with app.run_test() as pilot:
        monkeypatch.setattr(Stylesheet, "reparse", reparse)
        app.theme = "nord"
        await pilot.pause()
        assert parsed
