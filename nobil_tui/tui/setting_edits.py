"""Change and undo settings in the app, and follow changes that another program made."""

from __future__ import annotations

from textual.screen import Screen

from nobil_tui.config.keymap import parse_keymap
from nobil_tui.config.operations import Operation, inverse_of
from nobil_tui.session.settings import Settings
from nobil_tui.session.undo import UndoStack, UndoStep
from nobil_tui.tui.bindings import KeyBindings, keymap_of
from nobil_tui.tui.input_activity import InputActivity
from nobil_tui.tui.style.themes import problem_of_theme, theme_named, user_themes
from nobil_tui.tui.toasts import Toasts
from nobil_tui.tui.widgets.bars.key_hints import KeyHints


class SettingEdits:
    """Changes and saves settings. ``undo`` has the changes that the user can undo."""

    def __init__(
        self,
        screen: Screen[None],
        settings: Settings,
        keys: KeyBindings,
        key_hints: KeyHints,
        toasts: Toasts,
        input_activity: InputActivity,
    ) -> None:
        self._screen = screen
        self._settings = settings
        self._keys = keys
        self._key_hints = key_hints
        self._toasts = toasts
        self._input = input_activity
        self.undo = UndoStack()
        self._followed = settings.config
        """The config that is in use."""

    def set(self, *operations: Operation) -> None:
        """Change settings: at once in this session, and then in the config file."""
        self._settings.apply(*operations)
        self._screen.run_worker(self._save(), group="settings")

    def change(self, done: str, *operations: Operation, station: str = "") -> None:
        """Change settings so that the user can undo it; ``done`` describes the change."""
        config = self._settings.config
        inverse = [inverse_of(each, config) for each in reversed(operations)]
        self.undo.push(UndoStep(done, lambda: self.set(*inverse), station))
        self.set(*operations)

    async def _save(self) -> None:
        if problem := await self._settings.save():
            self._toasts.warn(problem)

    def follow(self) -> None:
        """Use the theme and the keys of a config file that another program changed."""
        config, before = self._settings.config, self._followed
        self._followed = config
        app, interface = self._screen.app, config.interface
        if interface.keys != before.interface.keys:
            chosen = parse_keymap(interface.keys)
            self._keys.choose(chosen)
            app.set_keymap(keymap_of(chosen))
            self._key_hints.refresh()
        if config.themes != before.themes or interface.theme != before.interface.theme:
            for theme in user_themes(config.themes):
                app.register_theme(theme)
            if problem := problem_of_theme(interface.theme, app.available_themes):
                self._toasts.warn(problem)
            is_light = self._input.terminal_is_light
            name = theme_named(interface.theme, app.available_themes, is_light)
            if name == app.theme:
                # The colours of the same theme may have changed.
                app.refresh_css(animate=False)
            app.theme = name
