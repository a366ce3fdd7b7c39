"""Painting: which cells are written, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from rich.segment import Segment
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Label

from nobil_tui.tui.textual_internals.painting import FirstPaint, QuietTerminal, update_scrollbars


class Lines(ScrollView):
    def render_line(self, y: int) -> Strip:
        return Strip([Segment("x")])


class Scrolling(App[None]):
    CSS = "Lines { height: 5; }"

    def compose(self) -> ComposeResult:
        yield Lines()


async def test_scrollbars_follow_the_size_of_the_content() -> None:
    app = Scrolling()
    async with app.run_test() as pilot:
        view = app.query_one(Lines)
        for lines, shown in ((6, True), (5, False), (7, True), (1, False)):
            view.set_reactive(Lines.virtual_size, Size(10, lines))
            update_scrollbars(view, Size(10, lines))
            await pilot.pause()
            assert view.show_vertical_scrollbar is shown, lines
    # Otherwise the setter would do, and the function would no longer be needed.
    assert vars(Widget)["virtual_size"]._layout


class OnceScreen(FirstPaint, Screen[None]):
    """Counts the requests for a whole repaint that pass."""

    def compose(self) -> ComposeResult:
        yield Label("text")


class Once(App[None]):
    def get_default_screen(self) -> Screen[None]:
        return OnceScreen()


@pytest.fixture
def repaints(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    found: list[bool] = []
    original = Screen.refresh

    def refresh(
        screen: Screen[None], *regions: Any, repaint: bool = True, **more: Any
    ) -> Screen[None]:
        found.append(repaint)
        return original(screen, *regions, repaint=repaint, **more)

    monkeypatch.setattr(Screen, "refresh", refresh)
    yield found


async def test_a_screen_is_not_repainted_before_the_first_paint_is_over(
    repaints: list[bool],
) -> None:
    app = Once()
    async with app.run_test() as pilot:
        await pilot.pause()
        # Textual asks, or the class is no longer needed.
        assert repaints
        assert not any(repaints)
        screen = app.screen
        assert isinstance(screen, OnceScreen)
        screen.painted_once = True
        screen.refresh()
        assert repaints[-1]


class Counting(QuietTerminal, App[None]):
    """Shows two texts, of which one changes."""

    def compose(self) -> ComposeResult:
        yield Label("constant")
        yield Label("1", id="count")


async def test_a_repaint_writes_only_what_changed() -> None:
    written: list[str] = []
    async with Counting().run_test() as pilot:
        app = cast(Counting, pilot.app)

        def display(_screen: object, update: CompositorUpdate) -> None:
            written.append(update.render_segments(app.console))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(App, "_display", lambda _app, screen, update: display(screen, update))
            app.screen.refresh()
            await pilot.pause()
            assert "constant" in "".join(written)
            written.clear()
            app.query_one("#count", Label).update("2", layout=False)
            await pilot.pause()
            app.query_one("#count", Label).refresh()
            await pilot.pause()
        text = "".join(written)
        assert "2" in text
        assert "constant" not in text


async def test_textual_still_writes_what_the_terminal_shows() -> None:
    """Otherwise ``QuietTerminal`` need not compare."""
    written: list[str] = []

    class Plain(App[None]):
        def compose(self) -> ComposeResult:
            yield Label("constant")

        def _display(self, screen: Screen[Any], renderable: Any) -> None:
            written.append(renderable.render_segments(self.console))

    async with Plain().run_test() as pilot:
        await pilot.pause()
        written.clear()
        pilot.app.query_one(Label).refresh()
        await pilot.pause()
        assert "constant" in "".join(written)


async def test_everything_is_painted_after_a_suspension() -> None:
    async with Counting().run_test() as pilot:
        app = cast(Counting, pilot.app)
        app._painted.forget(app.size)
        app._painted.record(0, [Strip([Segment(" " * app.size.width)])])
        app._resume_signal()
        await pilot.pause()
        assert app._painted.known_rows == 0
