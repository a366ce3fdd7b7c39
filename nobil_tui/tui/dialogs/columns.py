"""The dialog that shows, hides and moves the columns of the station list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from nobil_tui.commands import Context, command_by_id, for_context
from nobil_tui.search.list_columns import ListColumn, shown_columns
from nobil_tui.tui.bindings import KeyBindings, binding_of, bindings_for
from nobil_tui.tui.dialogs.dialog import Dialog
from nobil_tui.tui.style.glyphs import Glyphs, truncate
from nobil_tui.tui.widgets.virtual_list import VirtualList


class ColumnList(VirtualList):
    """The columns, those that are shown first. Each change takes effect at once."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.COLUMNS)

    def __init__(
        self,
        chosen: Sequence[ListColumn],
        changed: Callable[[Sequence[ListColumn]], None],
        glyphs: Glyphs,
        *,
        id: str,
    ) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self._changed = changed
        self._cursor = 0
        self._show(chosen)
        # The style sheet limits it.
        self.styles.height = self.count

    def _show(self, chosen: Sequence[ListColumn]) -> None:
        shown = shown_columns(chosen)
        self._order = [*shown, *(column for column in ListColumn if column not in shown)]
        self._hidden = set(self._order) - set(shown)

    @property
    def count(self) -> int:
        """The number of columns."""
        return len(self._order)

    def is_cursor(self, index: int) -> bool:
        """Return whether the cursor is on a line."""
        return index == self._cursor

    def on_resize(self) -> None:
        """Keep the column under the cursor on screen."""
        super().on_resize()
        self.show_line(self._cursor)

    def move_cursor(self, by: int) -> None:
        """Move the cursor by lines."""
        self._cursor = max(0, min(self.count - 1, self._cursor + by))
        self.show_line(self._cursor)
        self.refresh()

    def segments(self, index: int, width: int) -> list[Segment]:
        """Return one column with a mark if it is shown."""
        column, cursor = self._order[index], self.is_cursor(index)
        mark = " " if column in self._hidden else "x"
        style = "quiet" if column in self._hidden else ""
        text = f" [{mark}] {column.definition.words}"
        return [
            Segment(self.glyphs.cursor if cursor else " ", self.style_of("", cursor)),
            Segment(truncate(text, width - 1, self.glyphs.ellipsis), self.style_of(style, cursor)),
        ]

    def on_click(self, event: events.Click) -> None:
        """Show or hide the column that was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y + self.top < self.count:
            self._cursor = offset.y + self.top
            self.action_toggle_column()

    def action_toggle_column(self) -> None:
        """Show or hide the column under the cursor. The name is always shown."""
        column = self._order[self._cursor]
        if column is ListColumn.NAME:
            self.app.notify("The name is always shown.", timeout=4)
            return
        self._hidden ^= {column}
        self._apply()

    def action_column_up(self) -> None:
        """Move the column to the left."""
        self._move(-1)

    def action_column_down(self) -> None:
        """Move the column to the right."""
        self._move(1)

    def action_reset_columns(self) -> None:
        """Show all columns in the usual order."""
        self._show(())
        self._apply()

    def _move(self, by: int) -> None:
        to = self._cursor + by
        if 0 <= to < self.count:
            order = self._order
            order[self._cursor], order[to] = order[to], order[self._cursor]
            self._cursor = to
            self.show_line(to)
            self._apply()

    def _apply(self) -> None:
        shown = tuple(column for column in self._order if column not in self._hidden)
        self._changed(() if shown == tuple(ListColumn) else shown)
        self.refresh()


class ColumnsScreen(Dialog[None]):
    """The columns, over the station list that shows them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # The key that opened the dialog closes it.
        binding_of(command_by_id("columns"), "back"),
    ]
    _BUTTONS: ClassVar[dict[str, str]] = {
        "column-up": "Up",
        "column-down": "Down",
        "reset-columns": "Reset",
    }

    def __init__(
        self,
        chosen: Sequence[ListColumn],
        changed: Callable[[Sequence[ListColumn]], None],
        keys: KeyBindings,
        glyphs: Glyphs,
    ) -> None:
        """Show the columns. ``changed`` gets those to show after each change; none for the usual
        ones."""
        super().__init__()
        self._keys = keys
        self._glyphs = glyphs
        self._list = ColumnList(chosen, changed, glyphs, id="column-list")

    def compose(self) -> ComposeResult:
        """Compose the list, its keys, and a button for each of them."""
        keys = self._keys
        hints = (
            f"{keys.named(each.id)} {each.label.lower()}" for each in for_context(Context.COLUMNS)
        )
        with Vertical(id="columns", classes="dialog") as dialog:
            dialog.border_title = "Columns"
            dialog.border_subtitle = f"{keys.named('back')} closes"
            yield self._list
            yield Static(f" {self._glyphs.dot} ".join(hints), classes="dialog-hints", markup=False)
            with Horizontal(classes="buttons"):
                for id_, label in self._BUTTONS.items():
                    button = Button(label, id=id_)
                    # Textual ignores a second click during the effect.
                    button.active_effect_duration = 0
                    yield button
                yield Button("Close", id="close", variant="primary")

    def on_mount(self) -> None:
        """Focus the list."""
        self._list.focus()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Apply the button's action to the column under the cursor."""
        if event.button.id == "close":
            self.action_back()
        elif event.button.id is not None:
            await self.app.run_action(event.button.id.replace("-", "_"), self._list)
