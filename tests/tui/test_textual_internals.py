"""What we rely on inside Textual: each test fails if a new release changes it."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import logging
import pkgutil
import re
import threading
from collections.abc import Iterator
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, cast
from unittest import mock

import pytest
from rich.segment import Segment
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.drivers._writer_thread import WriterThread
from textual.geometry import Size
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Label

from nobil_tui import tui
from nobil_tui.tui import textual_internals
from nobil_tui.tui.style.themes import DARK, LIGHT, THEMES, theme_variables_for
from nobil_tui.tui.textual_internals import (
    AsciiCheckbox,
    CrashReport,
    FirstPaint,
    QuietTerminal,
    is_terminal_behind,
    start_with_theme,
    update_scrollbars,
    write_to_terminal,
)

# The queue of the writer thread


def app_with(writer: WriterThread | None) -> App[Any]:
    driver = None if writer is None else SimpleNamespace(_writer_thread=writer)
    return cast(App[Any], SimpleNamespace(_driver=driver))


class SlowTerminal(io.StringIO):
    """A terminal that takes one write, and the next when it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.writing, self.allowed = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.writing.set()
        assert self.allowed.wait(10)
        return super().write(text)


def test_an_app_without_a_terminal_is_never_behind() -> None:
    assert not is_terminal_behind(app_with(None))


def test_a_terminal_is_behind_while_a_paint_waits_for_it() -> None:
    terminal = SlowTerminal()
    writer = WriterThread(terminal)
    app = app_with(writer)
    writer.start()
    writer.write("one")
    assert terminal.writing.wait(10)
    assert not is_terminal_behind(app)
    writer.write("two")
    assert is_terminal_behind(app)
    terminal.allowed.set()
    writer.stop()
    assert not is_terminal_behind(app)
    assert terminal.getvalue() == "onetwo"


# The theme at the start


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


# Scrollbars


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


# A crash


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
    assert "nobil-tui crashed (RuntimeError)" in output.err + output.out
    assert "s3cr3t" not in output.err + output.out
    assert "on purpose" in caplog.text


# The first paint


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


# The checkbox


async def test_a_checkbox_is_drawn_in_ascii() -> None:
    class Checking(App[None]):
        def compose(self) -> ComposeResult:
            yield AsciiCheckbox("box")

    app = Checking()
    async with app.run_test() as pilot:
        box = app.query_one(AsciiCheckbox)
        texts = []
        for _ in range(2):
            texts.append("\n".join(box.render_line(y).text for y in range(box.size.height)))
            box.toggle()
            await pilot.pause()
    assert "[ ] box" in texts[0]
    assert "[x] box" in texts[1]


# Nothing else relies on them


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


async def test_everything_is_painted_after_a_suspension() -> None:
    async with Counting().run_test() as pilot:
        app = cast(Counting, pilot.app)
        app._painted.forget(app.size)
        app._painted.record(0, [Strip([Segment(" " * app.size.width)])])
        app._resume_signal()
        await pilot.pause()
        assert app._painted.known_rows == 0


def tui_modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(tui.__path__, f"{tui.__name__}."):
        if found.name != textual_internals.__name__:
            yield importlib.import_module(found.name)


def test_no_other_module_uses_a_private_name_of_another_object() -> None:
    found = [
        f"{module.__name__}:{node.lineno} {node.attr}"
        for module in tui_modules()
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]
    assert found == []


def test_no_other_class_redefines_a_private_name_of_textual() -> None:
    """Also by accident: such an attribute would break the widget in a way that is hard to find."""
    classes = {
        each
        for module in tui_modules()
        for each in vars(module).values()
        if isinstance(each, type)
        and each.__module__ == module.__name__
        and issubclass(each, MessagePump)
    }
    assert classes
    found = [
        f"{each.__qualname__}.{name}"
        for each in classes
        for base in each.__mro__
        if base.__module__.startswith("textual.")
        for name in vars(each).keys() & vars(base).keys()
        if re.match("_[a-z]", name) and isinstance(vars(each)[name], FunctionType | property)
    ]
    assert found == []


async def test_a_sequence_is_written_only_to_a_terminal() -> None:
    written: list[str] = []
    app = App[None]()
    async with app.run_test():
        assert not write_to_terminal(app, "\a")
        driver = app._driver
        assert driver is not None
        with (
            mock.patch.object(type(driver), "is_headless", False),
            mock.patch.object(driver, "write", written.append),
        ):
            assert write_to_terminal(app, "\a")
    assert written == ["\a"]
    assert not write_to_terminal(App[None](), "\a")
