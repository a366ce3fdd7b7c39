"""The application: themes, keys and what all screens share. What is seen stands in ``screens/`` and ``widgets/``."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from contextlib import suppress
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widgets import Input

from nobil_tui.base.paths import log_file
from nobil_tui.base.tasks import DaemonExecutor
from nobil_tui.base.text import did_you_mean
from nobil_tui.commands import command_by_id
from nobil_tui.config.key_names import types_character
from nobil_tui.config.keymap import parse_keymap
from nobil_tui.config.operations import Put
from nobil_tui.session.settings import Settings
from nobil_tui.tui.bindings import KeyBindings, keymap_of
from nobil_tui.tui.dismissal import Dismissal
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.screens.main import MainScreen
from nobil_tui.tui.screens.panes import WIDE
from nobil_tui.tui.style.ascii_output import AsciiScrollBar, force_ascii
from nobil_tui.tui.style.glyphs import ASCII, UNICODE, Glyphs
from nobil_tui.tui.style.themes import DARK, THEMES, theme_variables_for

SWITCH_EVERY = 0.0005
"""Seconds until a thread must let another one on: what is painted is written by a thread that waits for it."""

logger = logging.getLogger(__name__)


class NobilApp(App[int], inherit_bindings=False):
    """The whole of it."""

    TITLE = "nobil-tui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    """Textual's own binding: ours is a command like every other."""
    BINDINGS: ClassVar[list[BindingType]] = []
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012  # declared so by the library
    VERTICAL_BREAKPOINTS = [(0, "-short"), (28, "-tall")]  # noqa: RUF012  # the same

    def __init__(self, setup: AppOptions) -> None:
        super().__init__()
        self.setup = setup
        self.keeper = Settings(setup.config_path, setup.config)
        chosen = parse_keymap(setup.config.interface.keys)
        self.keys = KeyBindings(chosen)
        self.set_keymap(keymap_of(chosen))
        self.ascii = setup.ascii or setup.config.interface.ascii
        self.glyphs: Glyphs = ASCII if self.ascii else UNICODE
        self.main: MainScreen | None = None
        self.last_input_at = -1e9
        """When a key or a click last came, in seconds of the clock that only grows."""
        self.last_key = ""
        self._typed_on = WeakKeyDictionary[events.Key, Screen[Any]]()
        """The screen that each key on its way was typed on."""
        self.trouble = ""
        """What is wrong with the config's theme, which only this room can tell."""
        for theme in THEMES:
            self.register_theme(theme)
        self._begin_in(self._chosen_theme(setup.config.interface.theme))
        self.set_class(self.ascii, "-ascii")
        ScrollBar.renderer = AsciiScrollBar if self.ascii else ScrollBarRender

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        self.main = MainScreen(self.setup, self.keeper, self.keys, self.glyphs)
        self.main.begin_at(self.size)
        return self.main

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours that our looks and our style sheet need, and a theme need not know."""
        return theme_variables_for(self.current_theme)

    async def on_event(self, event: events.Event) -> None:
        """Note when the user does something: a list must not move under the hand."""
        if self.return_code is not None and isinstance(event, events.InputEvent):
            # Typed after what quits: the panes are gone, and nobody is there to take it.
            return
        if isinstance(event, events.Key):
            if self._is_late(event):
                return
            self.last_key = event.key
            # Whatever has the focus: a text field would take ctrl+c for "copy".
            if event.key in self.keys.of(command_by_id("quit")) and not types_character(event.key):
                self.exit(0)
                return
            if event.is_forwarded and event.is_printable and isinstance(self.focused, Input):
                # A field takes what is typed in it: this was typed a moment before it had the focus, and is no command.
                self.focused.post_message(events.Key(event.key, event.character))
                return
        if isinstance(event, events.Key | events.MouseDown | events.MouseScrollDown | events.MouseScrollUp):
            self.last_input_at = self.setup.clock.monotonic()
        await super().on_event(event)

    def _is_late(self, key: events.Key) -> bool:
        """Tell whether a key comes back from a screen that closed meanwhile: for what is below it was not typed."""
        if not key.is_forwarded:
            self._typed_on[key] = self.screen
            return False
        screen = self._typed_on.pop(key, None)
        return isinstance(screen, Dismissal) and screen.dismissed

    def on_mount(self) -> None:
        """Leave the terminal as it was also when the system ends the program, and keep nobody who quits waiting."""
        asyncio.get_running_loop().set_default_executor(DaemonExecutor())
        with suppress(NotImplementedError, ValueError, RuntimeError, AttributeError):
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self.exit, 0)

    def _fatal_error(self) -> None:
        # The library's own report shows what local names hold, and so a key.
        error = sys.exc_info()[1]
        logger.critical("the app broke", exc_info=error)
        name = type(error).__name__
        self.panic(f"nobil-tui met an error of its own ({name}) and had to close. The log tells where: {log_file()}")

    def let_go(self) -> None:
        """Have on the disk what is to last, once the screen is gone. Takes a moment."""
        if self.main is not None:
            self.main.session.close()

    def remember_theme(self) -> None:
        """Save the theme whenever another is chosen from now on."""
        self.theme_changed_signal.subscribe(self, lambda _: self._save_theme())

    def _save_theme(self) -> None:
        if self.theme != (self.keeper.config.interface.theme or DARK):
            self.run_worker(self._put_theme(self.theme), group="theme", exclusive=True)

    async def _put_theme(self, name: str) -> None:
        if problem := await self.keeper.put(Put("interface", "theme", name)):
            self.notify(problem, severity="warning", markup=False)

    def _begin_in(self, name: str) -> None:
        """Begin in a theme. Setting it as usual has all styles parsed once more, and here nothing is styled yet."""
        theme = self.available_themes[name]
        if theme.ansi:
            # It is painted in another way, which only the library can change to.
            self.theme = name
            return
        self.set_reactive(App.theme, name)
        classes = {"-dark-mode": theme.dark, "-light-mode": not theme.dark, f"-theme-{name}": True}
        self.update_classes(classes, update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    def _chosen_theme(self, name: str) -> str:
        if not name or name in self.available_themes:
            return name or DARK
        near = did_you_mean(name, self.available_themes)
        self.trouble = f"[interface] theme: there is no theme {name!r}.{near} Choose one from the palette."
        return DARK


def run(setup: AppOptions) -> int:
    """Open the app and return its exit code."""
    app = NobilApp(setup)
    # What the imports made stays, so the collector need not walk through it; and to look for garbage among it first
    # would take longer than the first paint.
    gc.freeze()
    sys.setswitchinterval(SWITCH_EVERY)
    if app.ascii:
        force_ascii(sys.__stderr__)
    try:
        code = app.run()
    finally:
        app.let_go()
    return code or app.return_code or 0
