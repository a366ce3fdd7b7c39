"""What we rely on inside Textual: each test fails if a new release changes it."""

from __future__ import annotations

import ast
import fcntl
import importlib
import inspect
import io
import logging
import os
import pkgutil
import queue
import re
import struct
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, cast
from unittest import mock

import pytest
import textual
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._compositor import CompositorUpdate
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.color import Color
from textual.drivers import _writer_thread
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Label

from nobil_tui import tui
from nobil_tui.tui import textual_internals
from nobil_tui.tui.style.themes import DARK, LIGHT, THEMES, theme_variables_for
from nobil_tui.tui.terminal_input import Paste, TerminalInput, Token
from nobil_tui.tui.terminal_writer import TerminalWriter
from nobil_tui.tui.textual_internals import (
    AsciiCheckbox,
    CrashReport,
    FirstPaint,
    MessageParser,
    QuietTerminal,
    TerminalDriverBase,
    bounded_size,
    filter_colours_safely,
    is_terminal_behind,
    shows_toast,
    start_with_theme,
    update_scrollbars,
    write_to_terminal,
)

# The writer thread


def app_with(writer: TerminalWriter | None) -> App[Any]:
    driver = None if writer is None else SimpleNamespace(_writer_thread=writer)
    return cast(App[Any], SimpleNamespace(_driver=driver))


def test_a_terminal_is_behind_while_a_paint_waits_for_it() -> None:
    assert not is_terminal_behind(app_with(None))
    writer = TerminalWriter(sys.stdout)
    app = app_with(writer)
    assert not is_terminal_behind(app)
    writer.write("one")
    assert is_terminal_behind(app)


def test_textuals_own_writer_still_ends_at_an_error_and_blocks() -> None:
    """Otherwise ``TerminalWriter`` is no longer needed."""

    class Failing(io.StringIO):
        def write(self, text: str) -> int:
            raise BlockingIOError

    writer = _writer_thread.WriterThread(Failing())
    with pytest.raises(BlockingIOError):
        writer.write("one")
        writer.run()
    for _ in range(_writer_thread.MAX_QUEUED_WRITES):
        writer._queue.put_nowait("more")
    with pytest.raises(queue.Full):
        writer._queue.put_nowait("one that blocks")


def test_the_driver_starts_our_writer() -> None:
    assert LinuxDriver.start_application_mode.__globals__["WriterThread"] is TerminalWriter
    assert "WriterThread" in inspect.getsource(LinuxDriver.start_application_mode)


# What a terminal sends


def messages_of(*tokens: Token) -> list[Message]:
    parser = MessageParser()
    return [message for token in tokens for message in parser.messages(token)]


def keys_of(*tokens: Token) -> list[tuple[str, str | None]]:
    return [
        (message.key, message.character)
        for message in messages_of(*tokens)
        if isinstance(message, events.Key)
    ]


@pytest.mark.parametrize(
    ("tokens", "keys"),
    [
        (["jø"], [("j", "j"), ("ø", "ø")]),
        (["\x1b"], [("escape", "\x1b")]),
        (["\x1b", "q"], [("escape", "\x1b"), ("q", "q")]),
        (["\x1bq"], [("alt+q", "q")]),
        (["\x1b[A", "\x1bOB", "\x1b[[A", "\x1b[3$"], ["up", "down", "f1", "shift+delete"]),
        (["\x1b[97;5u"], ["ctrl+a"]),
        (["\x1b[27u", "\x1b[13u", "\x1b[57414;129u"], ["escape", "enter", "enter"]),
        # The numeric keypad under the protocol of kitty, with and without what it types.
        (
            [f"\x1b[{57399 + digit};129;{48 + digit}u" for digit in range(10)],
            [(str(digit), str(digit)) for digit in range(10)],
        ),
        (
            [f"\x1b[{57399 + digit}u" for digit in range(10)],
            [(str(digit), str(digit)) for digit in range(10)],
        ),
        *(
            (
                [f"\x1b[{code};129;{ord(typed)}u", f"\x1b[{code};129u", f"\x1b[{code}u"],
                [(key, typed)] * 3,
            )
            for code, typed, key in [
                (57409, ".", "full_stop"),
                (57410, "/", "slash"),
                (57411, "*", "asterisk"),
                (57412, "-", "minus"),
                (57413, "+", "plus"),
                (57415, "=", "equals_sign"),
                (57416, ",", "comma"),
            ]
        ),
        # A keypad of Germany types a comma, with the key of the full stop.
        (["\x1b[57409;129;44u"], [("comma", ",")]),
        (["\x1b[57417u", "\x1b[57421u", "\x1b[57426;5u"], ["left", "pageup", "ctrl+delete"]),
        (["\x1b[57413;5u", "\x1b[57410;3u"], ["ctrl+plus", "alt+slash"]),
        # The keypad of other terminals.
        (["\x1bOo", "\x1bOk", "\x1bOp"], [("slash", "/"), ("plus", "+"), ("0", "0")]),
        # Other layouts: the character counts, not the key.
        (["\x1b[55;2;47u", "\x1b[43;2;63u"], [("slash", "/"), ("question_mark", "?")]),
        (["\x1b[97;2;65u", "\x1b[97;2u", "\x1b[97;65;65u"], [("A", "A")] * 3),
        (["\x1b[1081;;1081u", "\x1b[113;1u"], [("й", "й"), ("q", "q")]),
        (["\x1b[32u", "\x1b[32;2u"], [("space", " "), ("shift+space", " ")]),
        # Without what it types, Shift with a digit says nothing.
        (["\x1b[55;2u"], ["shift+7"]),
        # Alternates of a key, and its release.
        (["\x1b[1089::99;5u", "\x1b[97:65;2:1;65u"], ["ctrl+с", ("A", "A")]),
        (["\x1b[97;1:3u", "\x1b[1;1:3A"], []),
        # Sequences that mean nothing here.
        (["\x1b[1114112u", "\x1b[55296;;55296u", "\x1b[;;9999999u", "q"], [("q", "q")]),
        (["\x1b[?62;22c", "\x1b[>1;10;0c", "\x1b[0n", "\x1b[99~", "\x1b[x", "q"], [("q", "q")]),
        (["\x1b[1;2", "\x1b[u", "\x1b[;u", "\x1b[<u", "q"], [("q", "q")]),
    ],
)
def test_a_key_is_the_character_that_it_types(
    tokens: list[str], keys: list[str | tuple[str, str]]
) -> None:
    found = keys_of(*tokens)
    assert keys == [
        pair if isinstance(key, tuple) else pair[0] for pair, key in zip(found, keys, strict=True)
    ]


def test_every_sequence_that_textual_knows_is_the_same_key() -> None:
    for sequence in [each for each in ANSI_SEQUENCES_KEYS if len(each) > 1 and each != "\x1b\x1b"]:
        source = TerminalInput()
        tokens = [*source.feed(sequence.encode()), *source.flush()]
        assert [key for key, _ in keys_of(*tokens)] == [
            each.key for each in XTermParser().feed(sequence) if isinstance(each, events.Key)
        ], sequence


def test_textual_still_names_keys_of_the_keypad_by_their_place() -> None:
    """Otherwise ``key_of_character`` is no longer needed."""
    [key] = XTermParser().feed("\x1b[57410;129;47u")
    assert isinstance(key, events.Key)
    assert key.key == "divide"


def test_a_paste_is_text() -> None:
    [paste] = messages_of(Paste("q\nq"))
    assert isinstance(paste, events.Paste)
    assert paste.text == "q\nq"


def test_textual_still_types_what_it_does_not_know() -> None:
    """Otherwise ``MessageParser`` need not look whether the parser waits."""
    parser = XTermParser()
    assert [*parser.feed("\x1b[?62;22c")] == []
    parser._timeout_time = 0.0
    assert "2" in [each.key for each in parser.tick() if isinstance(each, events.Key)]
    # Even in a paste.
    typed = [*XTermParser().feed("\x1b[200~\x1b" + "q" * 40)]
    assert any(isinstance(each, events.Key) and each.key == "q" for each in typed)


@pytest.mark.parametrize("sequence", ["\x1b[1114112u", "\x1b[48;0;0;0;0t\x1b[<0;1;1M"])
def test_textuals_own_parser_still_raises(sequence: str) -> None:
    """Otherwise ``MessageParser`` need not catch anything."""
    parser = XTermParser()
    with pytest.raises((ValueError, ZeroDivisionError)):
        [*parser.feed(sequence)]
    # And it is not usable after that.
    with pytest.raises((StopIteration, RuntimeError)):
        [*parser.feed("q")]


@pytest.mark.parametrize(
    ("sequence", "size"),
    [
        ("\x1b[48;50;160;1000;1600t", (160, 50)),
        ("\x1b[48;50;160;0;0t", (160, 50)),
        ("\x1b[48;0;0;0;0t", (80, 24)),
        ("\x1b[48;9999999;9999999;9999999;9999999t", (2000, 1000)),
        ("\x1b[48;50:1;160:2;1000:3;1600:4t", (160, 50)),
    ],
)
def test_the_size_that_a_terminal_reports_is_bounded(sequence: str, size: tuple[int, int]) -> None:
    resize, click = messages_of(sequence, "\x1b[<0;2;2M")
    assert isinstance(resize, events.Resize)
    assert resize.size == size
    assert isinstance(click, events.MouseDown)


def test_the_pixels_of_the_mouse_outlive_a_bad_sequence() -> None:
    """The parser is another one then."""
    messages = messages_of("\x1b[48;50;100;1000;1000t", "\x1b[1114112u", "\x1b[<0;501;41M")
    click = messages[-1]
    assert isinstance(click, events.MouseDown)
    assert (click.x, click.y) == (50, 2)


@given(st.text("\x1b[]?<>0123456789;:$ABCDMPRt~u", max_size=12).map("\x1b[".__add__))
def test_no_sequence_ends_the_parser(sequence: str) -> None:
    assert keys_of(sequence, "q")[-1] == ("q", "q")


def test_the_size_is_the_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of ``COLUMNS``, which another terminal may have left, or which is no number."""
    ours, theirs = os.openpty()
    monkeypatch.setenv("COLUMNS", "33")
    driver = object.__new__(TerminalDriverBase)
    driver.fileno = theirs
    for rows, columns in ((50, 160), (0, 0), (65535, 65535)):
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        expected = bounded_size(rows, columns)
        assert driver._get_terminal_size() == expected[::-1]
    os.close(ours)
    os.close(theirs)
    assert driver._get_terminal_size() == (80, 24)
    # Otherwise the driver need not be told.
    assert LinuxDriver._get_terminal_size(driver)[0] == 33


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
    assert output.err + output.out == ""
    assert "s3cr3t" not in caplog.text
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


# Colours


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


# Toasts


async def test_a_toast_that_is_shown_is_known() -> None:
    app = App[None]()
    async with app.run_test(notifications=True) as pilot:
        app.notify("text", title="title", timeout=999)
        app.notify("short", timeout=0.01)
        await pilot.pause()
        assert shows_toast(app, "text", "title")
        assert not shows_toast(app, "text", "")
        while shows_toast(app, "short", ""):
            await pilot.pause(0.01)


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


def tui_classes() -> set[type[MessagePump]]:
    """Return the widgets, screens and apps of ours."""
    classes = {
        each
        for module in tui_modules()
        for each in vars(module).values()
        if isinstance(each, type)
        and each.__module__ == module.__name__
        and issubclass(each, MessagePump)
    }
    assert classes
    return classes


def test_no_widget_has_the_name_of_one_of_textual() -> None:
    """The style sheet of a widget of Textual, read when a dialog with one opens, selects ours too.

    The bars were 32 cells wide from the first progress bar on.
    """
    folder = Path(textual.__file__).parent
    theirs = {
        name
        for path in folder.rglob("*.py")
        if "demo" not in path.relative_to(folder).parts
        for name in re.findall(r"^class (\w+)\(", path.read_text("utf-8"), re.MULTILINE)
    }
    assert "ProgressBar" in theirs
    ours = {each.__name__ for each in tui_classes() if issubclass(each, Widget)}
    assert "LinkBar" in ours
    assert ours & theirs == set()


def test_no_other_class_redefines_a_private_name_of_textual() -> None:
    """Also by accident: such an attribute would break the widget in a way that is hard to find."""
    found = [
        f"{each.__qualname__}.{name}"
        for each in tui_classes()
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
