"""The dialog that chooses a theme, with a preview of the one under the cursor."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from nobil_tui.commands import command_by_id
from nobil_tui.tui.bindings import KeyBindings, binding_of
from nobil_tui.tui.dialogs.dialog import Dialog
from nobil_tui.tui.style.glyphs import Glyphs
from nobil_tui.tui.style.themes import AUTO


class ThemeList(OptionList):
    """The names of the themes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "first", "First", show=False),
        Binding("G", "last", "Last", show=False),
    ]

    def on_resize(self) -> None:
        """Keep the theme under the cursor on screen, also when the dialog gets its first size."""
        self.call_after_refresh(self.scroll_to_highlight)


class ThemeScreen(Dialog[str]):
    """Returns the name of the theme, or None if the user cancels, with the theme as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # The key that opened the dialog closes it.
        binding_of(command_by_id("theme"), "back"),
    ]

    def __init__(self, current: str, auto: str, keys: KeyBindings, glyphs: Glyphs) -> None:
        """Show the themes. ``current`` is the name in the config, ``auto`` the theme for the
        terminal."""
        super().__init__()
        self._current = current
        self._auto = auto
        self._keys = keys
        self._glyphs = glyphs
        self._before = ""

    def compose(self) -> ComposeResult:
        """Compose the list, with the cursor on the current theme."""
        names = [AUTO, *sorted(self.app.available_themes)]
        current = self._current if self._current in names else self.app.theme
        self._before = self.app.theme
        with Vertical(id="themes", classes="dialog") as dialog:
            dialog.border_title = "Theme"
            dialog.border_subtitle = f"Enter keeps it, {self._keys.named('back')} cancels"
            options = []
            for name in names:
                mark = self._glyphs.live if name == current else " "
                words = f"{name}: like the terminal" if name == AUTO else name
                options.append(Option(Text(f"{mark} {words}"), id=name))
            themes = ThemeList(*options)
            themes.highlighted = names.index(current)
            yield themes

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the theme under the cursor."""
        name = event.option.id or AUTO
        if not self.dismissed:
            self.app.theme = self._auto if name == AUTO else name

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the theme under the cursor."""
        self.dismiss(event.option.id)

    def action_back(self) -> None:
        """Restore the theme, and close the dialog."""
        if not self.dismissed:
            self.app.theme = self._before
        super().action_back()
