"""The app: its themes, its keys and how it ends."""

from __future__ import annotations

import asyncio
import sys
from typing import ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.driver import Driver
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from nobil_tui.base.errors import LoggedCrashError
from nobil_tui.base.memory import freeze_imports
from nobil_tui.base.tasks import DaemonExecutor
from nobil_tui.base.text import safe_text, without_controls
from nobil_tui.commands import command_by_id
from nobil_tui.config.key_names import types_character
from nobil_tui.config.keymap import parse_keymap
from nobil_tui.session.settings import Settings
from nobil_tui.tui import layout
from nobil_tui.tui.bindings import KeyBindings, keymap_of
from nobil_tui.tui.input_activity import InputActivity
from nobil_tui.tui.key_queue import KeyQueue, Marker
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.screens.main import MainScreen
from nobil_tui.tui.style.ascii_output import AsciiScrollBar, force_ascii
from nobil_tui.tui.style.glyphs import ASCII, UNICODE, Glyphs
from nobil_tui.tui.style.themes import (
    THEMES,
    problem_of_theme,
    theme_named,
    theme_variables_for,
    user_themes,
)
from nobil_tui.tui.terminal_input import Background
from nobil_tui.tui.textual_internals.app_state import (
    CrashReport,
    drop_old_toast,
    drop_toasts,
    filter_colours_safely,
    keep_clipboard,
    shows_toast,
    start_with_theme,
)
from nobil_tui.tui.textual_internals.painting import QuietTerminal
from nobil_tui.tui.textual_internals.terminal import (
    ask_for_background,
    can_suspend,
    stop_waiting_for_terminal,
    write_to_terminal,
)
from nobil_tui.tui.textual_internals.timers import KeptTimers

ANSWER_TIMEOUT = 3.0
"""Seconds after which the terminal's answer is ignored: colours must not change later."""
MAX_TOASTS = 2
"""The most toasts on screen; in a low terminal, there is room for one."""
SWITCH_INTERVAL = 0.0005
"""Seconds until a thread must let another one run: Textual paints from a thread of its own."""


class NobilApp(QuietTerminal, CrashReport, KeptTimers, App[int], inherit_bindings=False):
    """The app."""

    TITLE = "nobil-tui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    """Textual's own binding of the palette; ours is a command like any other."""
    BINDINGS: ClassVar[list[BindingType]] = []
    HORIZONTAL_BREAKPOINTS = layout.HORIZONTAL_BREAKPOINTS
    VERTICAL_BREAKPOINTS = layout.VERTICAL_BREAKPOINTS

    def __init__(self, options: AppOptions) -> None:
        self._has_theme = False
        super().__init__()
        filter_colours_safely(self)
        self._options = options
        interface = options.config.interface
        self._settings = Settings(options.config_path, options.config)
        chosen = parse_keymap(interface.keys)
        self._keys = KeyBindings(chosen)
        self.set_keymap(keymap_of(chosen))
        self.ascii = interface.ascii if options.ascii is None else options.ascii
        """Whether only ASCII is drawn."""
        self._main: MainScreen | None = None
        self._input = InputActivity()
        self._background_until = -1e9
        """The time until which the terminal's answer is used, in seconds of the monotonic clock."""
        self.key_queue = KeyQueue(self, self._note_key, options.clock)
        for theme in (*THEMES, *user_themes(options.config.themes)):
            self.register_theme(theme)
        self._theme_warning = problem_of_theme(interface.theme, self.available_themes)
        self._has_theme = True
        start_with_theme(self, self._theme_of_config())
        self.set_class(self.ascii, "-ascii")
        ScrollBar.renderer = AsciiScrollBar if self.ascii else ScrollBarRender

    def _theme_of_config(self) -> str:
        chosen, is_light = self._settings.config.interface.theme, self._input.terminal_is_light
        return theme_named(chosen, self.available_themes, is_light)

    def on_ready(self) -> None:
        """Ask for the terminal's background after the first paint, if the theme depends on it."""
        depends = self._settings.config.interface.theme not in self.available_themes
        if depends and ask_for_background(self, self._options.environ):
            self._background_until = self._options.clock.monotonic() + ANSWER_TIMEOUT

    def use_background(self, background: Background) -> None:
        """Use the theme that suits the terminal's background, unless the answer comes too late or
        another theme was chosen meanwhile."""
        is_late = self._options.clock.monotonic() > self._background_until
        if is_late or self.return_code is not None:
            return
        before = self._theme_of_config()
        self._input.terminal_is_light = background.is_light
        if self.theme == before:
            self.theme = self._theme_of_config()

    def get_driver_class(self) -> type[Driver]:
        """Return the driver for the platform."""
        driver = super().get_driver_class()
        if driver.__name__ != "LinuxDriver":
            return driver
        # Imported on use: Windows lacks what it imports.
        from nobil_tui.tui.terminal_driver import SleepingDriver

        return SleepingDriver

    def get_default_screen(self) -> Screen[None]:
        """Return the main screen."""
        glyphs: Glyphs = ASCII if self.ascii else UNICODE
        warnings = (self._theme_warning,) if self._theme_warning else ()
        self._main = MainScreen(
            self._options, self._settings, self._keys, glyphs, self._input, warnings
        )
        self._main.set_start_size(self.size)
        return self._main

    def get_css_variables(self) -> dict[str, str]:
        """Return the variables of the style sheets, once the theme is set.

        Textual already asks in its constructor, and then computes all shades of a theme that is not
        shown.
        """
        return super().get_css_variables() if self._has_theme else {}

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the colours that our style sheet needs and a theme of Textual's may lack."""
        return theme_variables_for(self.current_theme)

    async def on_event(self, event: events.Event) -> None:
        """Record the input, and deliver keys in their order."""
        if self.return_code is not None and isinstance(event, events.InputEvent):
            # Typed after the key that quits: the panes are gone.
            return
        if isinstance(event, events.AppFocus | events.AppBlur):
            self._input.terminal_has_focus = isinstance(event, events.AppFocus)
        if isinstance(
            event, events.Key | events.MouseDown | events.MouseScrollDown | events.MouseScrollUp
        ):
            self._input.last_input_at = self._options.clock.monotonic()
        if isinstance(event, events.Key | events.Paste):
            await self._take_key(event)
            return
        if isinstance(event, events.MouseDown):
            self.key_queue.on_click()
        await super().on_event(event)

    async def _take_key(self, event: events.Key | events.Paste) -> None:
        """Deliver a key or a paste in its turn; a key that quits does so at once."""
        if event.is_forwarded:
            # It bubbled back: no widget used it.
            return
        self.app_focus = True
        if isinstance(event, events.Key) and not types_character(event.key):
            # Do so whatever has the focus: a text field would take ctrl+c for "copy".
            if event.key in self._keys.of(command_by_id("quit")):
                self.request_quit()
                return
            if event.key in self._keys.of(command_by_id("suspend")):
                self.action_suspend_process()
                return
        await self.key_queue.put(event)

    def on_marker(self, marker: Marker) -> None:
        """Note that the effect of a key is complete."""
        self.key_queue.on_marker(marker)

    def _note_key(self, key: events.Key) -> None:
        self._input.last_key = key.key

    def on_mount(self) -> None:
        """Quit without waiting for threads."""
        asyncio.get_running_loop().set_default_executor(DaemonExecutor())
        self.screen_change_signal.subscribe(self, self.key_queue.on_screen_change, immediate=True)

    def request_quit(self) -> None:
        """Quit the app: every key, click and signal that quits ends here."""
        if self._main is not None and self.return_code is None:
            self._main.last_view.remember()
        self.exit(0)

    def quit_from_outside(self) -> None:
        """Quit the app soon: a signal asked for it, or the terminal is gone."""
        stop_waiting_for_terminal(self)
        self.request_quit()

    async def action_quit(self) -> None:
        """Quit the app, for the keys of every screen."""
        self.request_quit()

    def action_suspend_process(self) -> None:
        """Return to the shell that started the program."""
        if can_suspend(self):
            super().action_suspend_process()
        else:
            self.notify("Cannot suspend: no shell started this program.", severity="warning")

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a toast unless the same one is still shown, and only keep the latest ones:
        otherwise, held keys would fill the screen."""
        # The name of a file may hold any character.
        message, title = without_controls(message), without_controls(title)
        drop_old_toast(self, message, title)
        if not shows_toast(self, message, title):
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)
            # Queue it after the message that brings it.
            keep = MAX_TOASTS if self.size.height >= layout.TALL else 1
            self.call_later(drop_toasts, self, keep=keep)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, and say how it was copied."""
        keep_clipboard(self, text)
        self.run_worker(self._copy(text), group="clipboard")

    async def _copy(self, text: str) -> None:
        # Imported on use: the first paint need not wait for it.
        from nobil_tui.tui.clipboard import copy_text

        way = await copy_text(
            text, self._options.environ, lambda sequence: write_to_terminal(self, sequence)
        )
        self.notify(way, title=safe_text(text.partition("\n")[0]), timeout=6, markup=False)

    def close_session(self) -> None:
        """Save the data that outlasts the session, and close its source. Blocks until then."""
        if self._main is not None:
            self._main.last_view.save()
            self._main.workspace.session.close()


def run(options: AppOptions) -> int:
    """Run the app and return its exit code. Raise ``LoggedCrashError`` if it crashed."""
    app = NobilApp(options)
    freeze_imports()
    sys.setswitchinterval(SWITCH_INTERVAL)
    if app.ascii:
        force_ascii(sys.__stderr__)
    try:
        code = app.run()
    finally:
        app.close_session()
    if app.crash is not None:
        raise LoggedCrashError from app.crash
    return code or app.return_code or 0
