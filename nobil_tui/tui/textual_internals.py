"""Everything that relies on how Textual works inside, and may break with a new release.

Private names of Textual are used in this module only. Each use has a test that fails if a release
changes what is relied on: ``tests/tui/test_textual_internals.py``.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, ClassVar, Self

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.content import Content
from textual.filter import Monochrome
from textual.geometry import Region, Size
from textual.message import Message
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.widget import Widget
from textual.widgets import Checkbox, Input

from nobil_tui.config.key_names import KEY_CHARACTERS, key_name_of
from nobil_tui.tui.painted_screen import PaintedScreen, PlacedStrip
from nobil_tui.tui.terminal_input import ESC, Paste, Token
from nobil_tui.tui.terminal_writer import TerminalWriter

logger = logging.getLogger(__name__)

MAX_SIZE = 1000, 2000
"""The most rows and columns that are drawn, whatever the terminal says."""

_RESIZE = re.compile(
    r"\x1b\[48;(?P<rows>\d+)(?::\d*)*;(?P<columns>\d+)(?::\d*)*"
    r";(?P<height>\d+)(?::\d*)*;(?P<width>\d+)(?::\d*)*t"
)
_KITTY_KEY = re.compile(
    r"\x1b\[(?P<key>\d+)(?::[\d:]*)?(?:;(?P<held>\d*)(?::(?P<event>\d*))?)?"
    r"(?:;(?P<text>[\d:]*))?(?P<end>[u~ABCDEFHPQRS])"
)
_KEYPAD = {
    "decimal": ".",
    "divide": "/",
    "multiply": "*",
    "subtract": "-",
    "add": "+",
    "equal": "=",
    "separator": ",",
}
"""Textual's names of keys of the numeric keypad, and the character that each types."""

BRIEFLY = 0.5
"""Seconds that the end waits for a terminal that is stuck, if it was asked for from outside."""

if TYPE_CHECKING:
    _AppBase = App[Any]
    _ScreenBase = Screen[Any]
else:
    # Textual takes the CSS type name from the first base class that is a DOM node, which a mixin
    # must not be.
    _AppBase = _ScreenBase = object


def is_terminal_behind(app: App[Any]) -> bool:
    """Return whether painted output still waits for the terminal, as on a slow line.

    A key would wait for all of it.
    """
    writer = getattr(app._driver, "_writer_thread", None)
    if isinstance(writer, TerminalWriter):
        return writer.queued
    # Textual's own, on Windows.
    return writer is not None and writer._queue.qsize() > 0


def write_to_terminal(app: App[Any], text: str) -> bool:
    """Write an escape sequence between two paints; return False without a terminal.

    Textual's driver has the only handle on the terminal, and a thread of its own that writes.
    """
    driver = app._driver
    if driver is None or driver.is_headless:
        return False
    driver.write(text)
    driver.flush()
    return True


def can_suspend(app: App[Any]) -> bool:
    """Return whether the app can return to a shell, which can bring it back."""
    return app._driver is not None and app._driver.can_suspend


def shows_toast(app: App[Any], message: str, title: str) -> bool:
    """Return whether a toast with this text is still shown."""
    return any((each.message, each.title) == (message, title) for each in app._notifications)


def keep_clipboard(app: App[Any], text: str) -> None:
    """Keep a copied text for pasting in the app itself, without writing to the terminal."""
    app._clipboard = text


def stop_waiting_for_terminal(app: App[Any]) -> None:
    """Make the end of an app wait only briefly for a terminal that takes no output."""
    writer = getattr(app._driver, "_writer_thread", None)
    if isinstance(writer, TerminalWriter):
        writer.patience = BRIEFLY


_MOUSE_MODES = (1000, 1003, 1015, 1006)
"""The modes that Textual's drivers set: presses, moves, and two ways to write coordinates."""


def set_mouse(app: App[Any], *, taken: bool) -> bool:
    """Take the mouse, or leave it to the terminal; return False without a terminal."""
    letter = "h" if taken else "l"
    return write_to_terminal(app, "".join(f"\x1b[?{mode}{letter}" for mode in _MOUSE_MODES))


def start_with_theme(app: App[Any], name: str) -> None:
    """Set the theme of an app that has painted nothing yet.

    Setting ``app.theme`` parses all style sheets again, which takes longer than the first paint.
    """
    theme = app.available_themes[name]
    if theme.ansi:
        # Textual paints ANSI themes with another filter, which only the setter installs.
        app.theme = name
        return
    app.set_reactive(App.theme, name)
    classes = {"-dark-mode": theme.dark, "-light-mode": not theme.dark, f"-theme-{name}": True}
    app.update_classes(classes, update=False)
    app.stylesheet.set_variables(app.get_css_variables())


def bounded_size(rows: int, columns: int) -> tuple[int, int]:
    """Return a size that can be drawn; that of a small terminal where one is not known."""
    return min(rows, MAX_SIZE[0]) or 24, min(columns, MAX_SIZE[1]) or 80


async def run_key_binding(app: App[Any], key: str) -> Binding | None:
    """Run what the key is bound to, from the focused widget up; return the binding that was used.

    Textual asks for the bindings when the key has bubbled to the app, through the queue of each
    widget in between, and the next key may overtake it there.
    """
    screen = app.screen
    for priority in (True, False):
        chain = list(screen._binding_chain)[::-1] if priority else screen._modal_binding_chain
        for namespace, bindings in chain:
            for binding in bindings.key_to_bindings.get(key, ()):
                if binding.priority is priority and await app.run_action(binding.action, namespace):
                    return binding
    return None


async def type_into(field: Input, key: events.Key) -> None:
    """Insert a printable key into a text field, now and not when its queue is empty."""
    await field._on_key(key)


def forward(widget: Widget, event: events.Key | events.Paste) -> None:
    """Put a key or a paste into the queue of a widget."""
    widget._forward_event(event)


def update_scrollbars(view: ScrollView, size: Size) -> None:
    """Show or hide the scrollbars of a view for content of this size.

    A layout alone keeps a scrollbar if there is exactly enough room for all lines.
    """
    view._scroll_update(size)


class MessageParser:
    """Makes Textual's messages of the tokens of a terminal.

    Textual's parser raises for some sequences, which ends its thread, and takes those that it does
    not know for typed characters.
    """

    def __init__(self) -> None:
        self._parser = XTermParser()

    def messages(self, token: Token) -> list[Message]:
        """Return what a token means: keys, clicks, a paste, answers; empty if it means nothing."""
        if isinstance(token, Paste):
            return [events.Paste(token.text)]
        if not token.startswith(ESC):
            return self._feed(token)
        plain = _plain_sequence(token)
        return self._feed(plain) if plain else []

    def _feed(self, token: str) -> list[Message]:
        parser = self._parser
        try:
            messages = list(parser.feed(token))
            if parser._timeout_time is not None:
                # It waits for more of a complete token.
                if len(token) > 2 and not token.endswith("$"):
                    self._renew()
                    return []
                parser._timeout_time = 0.0
                messages += parser.tick()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next key must be read
            logger.warning("a sequence of the terminal is not understood: %r (%r)", token, error)
            self._renew()
            return []
        return [
            key_of_character(each) if isinstance(each, events.Key) else each
            for each in messages
            if not _is_half_character(each)
        ]

    def _renew(self) -> None:
        """Start with a new parser, which knows what the terminal said before."""
        old, self._parser = self._parser, XTermParser()
        self._parser.mouse_pixels = old.mouse_pixels
        self._parser.terminal_size = old.terminal_size
        self._parser.terminal_pixel_size = old.terminal_pixel_size


def _plain_sequence(sequence: str) -> str:
    """Return a sequence in the form that Textual reads; empty if it means nothing.

    Its parser knows neither the alternates of a key nor its release, and divides by the size of a
    terminal.
    """
    if found := _RESIZE.fullmatch(sequence):
        rows, columns = bounded_size(int(found["rows"]), int(found["columns"]))
        # A terminal that does not know its size in pixels says 0.
        height, width = int(found["height"]) or rows, int(found["width"]) or columns
        return f"{ESC}[48;{rows};{columns};{height};{width}t"
    if found := _KITTY_KEY.fullmatch(sequence):
        if found["event"] == "3" or (found["end"] != "u" and not _is_known(sequence, found)):
            return ""
        fields = [found["key"], found["held"] or "", found["text"] or ""]
        if not fields[2]:
            fields = fields[: 2 if fields[1] else 1]
        return f"{ESC}[{';'.join(fields)}{found['end']}"
    # A key without a code.
    return "" if sequence.startswith(f"{ESC}[") and sequence.endswith("u") else sequence


def _is_known(sequence: str, found: re.Match[str]) -> bool:
    """Return whether a sequence is that of a key. Textual takes its number for a character."""
    return f"{found['key']}{found['end']}" in FUNCTIONAL_KEYS or sequence in ANSI_SEQUENCES_KEYS


def _is_half_character(message: Message) -> bool:
    """Return whether a message is a key that types half a UTF-16 pair, which no file can hold."""
    character = message.character if isinstance(message, events.Key) else None
    return character is not None and any("\ud800" <= each <= "\udfff" for each in character)


def key_of_character(key: events.Key) -> events.Key:
    """Return a key as the character that it types, whichever key of whichever keyboard typed it.

    With the protocol of kitty, Textual names keys of the numeric keypad by their place, and a
    terminal may leave out what they type.
    """
    *held, name = key.key.split("+")
    usual = _KEYPAD.get(name) or KEY_CHARACTERS.get(name) or (name if len(name) == 1 else "")
    said = key.character if key.is_printable else None
    typed = said or usual
    if len(typed) != 1:
        return key
    if held not in ([], ["shift"]):
        # A key with Ctrl and the like types nothing.
        return events.Key("+".join([*held, key_name_of(usual)]), None) if name in _KEYPAD else key
    if held and not said:
        if typed.isalpha():
            typed = typed.upper()
        elif name not in _KEYPAD and typed != " ":
            # It depends on the layout of the keyboard.
            return key
    if typed.isspace():
        return events.Key(key.key, typed)
    return events.Key(key_name_of(typed) or key.key, typed)


class _ChangesOnly(CompositorUpdate):
    """A repaint that writes only what the terminal does not show yet."""

    def __init__(
        self, update: ChopsUpdate | LayoutUpdate, painted: PaintedScreen, size: Size
    ) -> None:
        self._update = update
        self._painted = painted
        self._size = size

    def render_segments(self, console: Console) -> str:
        """Return the sequences to write, and record what they paint."""
        update = self._update
        if isinstance(update, ChopsUpdate):
            return self._painted.update(_rows_of(update), self._size, console)
        # A whole repaint, as after a resize: written whole, whatever the terminal shows.
        self._painted.forget(self._size)
        for y, strips in enumerate(update.strips):
            self._painted.record(y, list(strips))
        return update.render_segments(console)


def _rows_of(update: ChopsUpdate) -> dict[int, list[PlacedStrip]]:
    """Return the strips that an update would write, by row."""
    rows: dict[int, dict[int, PlacedStrip]] = {}
    for y, left, right in update.spans:
        row = rows.setdefault(y, {})
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= right and end > left:
                row[x] = PlacedStrip(x, end, strip)
    return {y: list(row.values()) for y, row in rows.items()}


class QuietTerminal(_AppBase):
    """Makes an app write only what changed, and no more than the terminal takes.

    Textual writes whole strips, and blocks the event loop while 30 paints wait for the terminal.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._painted = PaintedScreen()
        self._skipped = False
        """Whether a paint was left out because the terminal was behind."""
        super().__init__(*args, **options)

    def on_mount(self) -> None:
        """Repaint everything after Ctrl+Z and ``fg``: the shell has written to the terminal."""
        self.app_resume_signal.subscribe(self, lambda _: self.repaint_all())

    def repaint_all(self) -> None:
        """Paint every cell again, as after something else has written to the terminal."""
        self._painted.forget(self.size)
        if self._screen_stack:
            self.screen.refresh()

    def announce_suspension(self) -> None:
        """Let the parts of the app restore what they changed in the terminal."""
        self._suspend_signal()

    def paint_skipped(self) -> None:
        """Paint what was left out while the terminal was behind."""
        if self._skipped and self._screen_stack:
            self._skipped = False
            self.screen.refresh()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        driver = self._driver
        writer = getattr(driver, "_writer_thread", None)
        if isinstance(writer, TerminalWriter) and writer.behind:
            self._skipped = True
            return
        if isinstance(renderable, ChopsUpdate | LayoutUpdate) and driver and not driver.is_inline:
            renderable = _ChangesOnly(renderable, self._painted, self.size)
        super()._display(screen, renderable)


class StyledMonochrome(Monochrome):
    """Removes the colours, also from text without a style, of which Textual's filter dies."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without colours."""
        plain = Style.null()
        return super().apply(
            [each if each.style else Segment(each.text, plain) for each in segments], background
        )


def filter_colours_safely(app: App[Any]) -> None:
    """Let an app remove colours, as ``NO_COLOR`` asks for, from text of any kind."""
    app._filters = [
        StyledMonochrome() if type(each) is Monochrome else each for each in app._filters
    ]


class CrashReport(_AppBase):
    """Makes an app end on an unexpected exception, and log it.

    Textual's own report shows the values of local variables, and so secrets.
    """

    crash: BaseException | None = None
    """The exception that ended the app."""

    def end_with(self, error: BaseException) -> None:
        """End the app because of an exception in one of its threads."""
        self._record(error)
        self._return_code = 1
        self._close_messages_no_wait()

    def panic(self, *renderables: Any) -> None:
        """End the app because of errors that would render themselves."""
        errors = [each for each in renderables if isinstance(each, BaseException)]
        self._record(errors[0] if errors else sys.exc_info()[1] or RuntimeError("panic"))
        self._return_code = 1
        self._close_messages_no_wait()

    def _handle_exception(self, error: Exception) -> None:
        self._record(error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def _record(self, error: BaseException) -> None:
        """Log an exception; the first one is the crash."""
        if error is self.crash:
            return
        # A failed worker names its error only.
        cause = getattr(error, "error", None)
        cause = cause if isinstance(cause, BaseException) else error
        logger.critical("the app crashed", exc_info=cause)
        self.crash = self.crash or cause


class FirstPaint(_ScreenBase):
    """Keeps a screen from being painted twice when it starts.

    Textual asks for a whole repaint when a screen is mounted and again when it resumes.
    """

    painted_once = False
    """Whether the first paint is over. Set it after the first refresh."""

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Request a refresh; before the first paint is over, only the layout's."""
        repaint = repaint and self.painted_once
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Dismissal(_ScreenBase):
    """Makes ``dismiss`` of a screen safe to repeat, and drops the input that comes after it.

    Textual pops the topmost screen, whichever it is, and keys wait in the queues of the widgets
    that had the focus: two keys in quick succession would close the screen below as well.
    """

    dismissed = False
    """Whether the screen was dismissed."""
    _result: Any = None

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close the screen with ``result``, unless it was dismissed before.

        Below another screen, it closes once that has closed.
        """
        if self.dismissed:
            return AwaitComplete()
        self.dismissed = True
        if self.is_active:
            return super().dismiss(result)
        self._result = result
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        """Close the screen now if it was dismissed while another was on top."""
        if self.dismissed and self.is_active:
            super().dismiss(self._result)

    async def _dispatch_message(self, message: Message) -> None:
        if self.dismissed and _is_input(message):
            return
        await super()._dispatch_message(message)


class AsciiCheckbox(Checkbox, inherit_bindings=False):
    """A checkbox drawn as ``[x]``. Textual's differs in colour only when it is checked.

    Enter confirms the form of the box, as in any field; Space ticks it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "confirm", "Confirm", show=False),
        Binding("space", "toggle_button", "Tick", show=False),
    ]

    class Confirmed(Message):
        """Enter was pressed on the box."""

    def action_confirm(self) -> None:
        """Confirm the form."""
        self.post_message(self.Confirmed())

    @property
    def _button(self) -> Content:
        return Content("[x]" if self.value else "[ ]")


def _is_input(message: Message) -> bool:
    """Return whether a message is a key or a click, or what a widget makes of one."""
    if isinstance(message, events.Event):
        return isinstance(message, events.InputEvent | events.Paste)
    return message.bubble


if sys.platform != "win32":
    import os

    from textual.drivers import linux_driver

    # Textual's own thread ends at the first error of the terminal, and then blocks the event loop.
    vars(linux_driver)["WriterThread"] = TerminalWriter

    class TerminalDriverBase(linux_driver.LinuxDriver):
        """Textual's driver, which asks the terminal for its size and nothing else.

        ``COLUMNS`` and ``LINES`` may come from another terminal, or hold no number.
        """

        def _get_terminal_size(self) -> tuple[int, int]:
            try:
                columns, rows = os.get_terminal_size(self.fileno)
            except OSError:
                columns, rows = 0, 0
            rows, columns = bounded_size(rows, columns)
            return columns, rows

        def _disable_mouse_support(self) -> None:
            super()._disable_mouse_support()
            if self._mouse_pixels:
                # Textual switches it on only.
                self.write("\x1b[?1016l")
