"""Everything that relies on how Textual works inside, and may break with a new release.

Private names of Textual are used in this module only. Each use has a test that fails if a release
changes what is relied on: ``tests/tui/test_textual_internals.py``.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._parser import Parser
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.widgets import Checkbox

from nobil_tui.base.paths import log_file
from nobil_tui.tui.painted_screen import PaintedScreen, PlacedStrip

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    _AppBase = App[Any]
    _ScreenBase = Screen[Any]
else:
    # Textual takes the CSS type name from the first base class that is a DOM node, which a mixin
    # must not be.
    _AppBase = _ScreenBase = object


def is_terminal_behind(app: App[Any]) -> bool:
    """Return whether painted output still waits for the terminal, as on a slow line.

    Textual's writer thread queues 30 paints before it blocks the app, and a key would wait for
    all of them.
    """
    writer = getattr(app._driver, "_writer_thread", None)
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


def update_scrollbars(view: ScrollView, size: Size) -> None:
    """Show or hide the scrollbars of a view for content of this size.

    A layout alone keeps a scrollbar if there is exactly enough room for all lines.
    """
    view._scroll_update(size)


def input_parser() -> Parser[Message]:
    """Return a parser of what a terminal sends."""
    return XTermParser()


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
    """Makes an app write only what changed. Textual writes whole strips."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._painted = PaintedScreen()
        super().__init__(*args, **options)

    def on_mount(self) -> None:
        """Repaint everything after Ctrl+Z and ``fg``: the shell has written to the terminal."""
        self.app_resume_signal.subscribe(self, lambda _: self._repaint_all())

    def _repaint_all(self) -> None:
        self._painted.forget(self.size)
        self.screen.refresh()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        driver = self._driver
        if isinstance(renderable, ChopsUpdate | LayoutUpdate) and driver and not driver.is_inline:
            renderable = _ChangesOnly(renderable, self._painted, self.size)
        super()._display(screen, renderable)


class CrashReport(_AppBase):
    """Makes an app log a crash.

    Textual's own report shows the values of local variables, and so secrets.
    """

    def _fatal_error(self) -> None:
        error = sys.exc_info()[1]
        logger.critical("the app crashed", exc_info=error)
        name = type(error).__name__
        self.panic(f"nobil-tui crashed ({name}). The details are in the log: {log_file()}")


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


class AsciiCheckbox(Checkbox):
    """A checkbox drawn as ``[x]``. Textual's differs in colour only when it is checked."""

    @property
    def _button(self) -> Content:
        return Content("[x]" if self.value else "[ ]")


def _is_input(message: Message) -> bool:
    """Return whether a message is a key or a click, or what a widget makes of one."""
    if isinstance(message, events.Event):
        return isinstance(message, events.InputEvent | events.Paste)
    return message.bubble
