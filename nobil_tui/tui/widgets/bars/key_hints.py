"""The key hints in the footer: the active keys that fit, clickable."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from nobil_tui.commands import COMMANDS, Command, Context, active_in, command_by_id
from nobil_tui.config.key_names import types_character
from nobil_tui.tui.bindings import KeyBindings, key_label
from nobil_tui.tui.widgets.bars.bar import PART_GAP, BarPart, OneLineBar, fit_parts, part_at

_NEEDED = (
    "help",
    "quit",
    "filter",
    "back",
    "open",
    "star",
    "connect",
    "retry",
    "show-log",
    "sort",
    "starred-only",
    "alert",
    "log-scope",
)
"""Commands that have room first in a narrow terminal, in this order."""
_WHERE_ROOM = ("history", "zoom", "faults-only", "map")
"""Commands that a wide terminal also has room for, the most useful first."""
_NEAR = {Context.LOG: ("select", "back"), Context.CONNECTORS: ("map", "back")}
"""Commands to show in a pane besides those of every footer."""


class KeyHints(OneLineBar):
    """One line of keys and the labels of their commands."""

    context: reactive[Context] = reactive(Context.STATIONS)
    """The context of the widget with the focus."""
    extra_commands: reactive[tuple[str, ...]] = reactive(())
    """Ids of more commands to show, such as ``connect`` in the simulation."""

    hides_log: reactive[bool] = reactive(False)
    """Whether the command for the log hides it."""

    class CommandClicked(Message):
        """A command was clicked."""

        def __init__(self, command_id: str) -> None:
            super().__init__()
            self.command_id = command_id

    def __init__(self, keys: KeyBindings, *, id: str) -> None:
        super().__init__(id=id)
        self._keys = keys
        self._parts: list[BarPart] = []

    def commands(self) -> list[Command]:
        """Return the commands to show, the right-aligned ones last."""
        named = [
            command
            for command in active_in(self.context)
            if command.footer
            or command.id in (*self.extra_commands, *_WHERE_ROOM)
            or self._is_near(command)
        ]
        if self.context is Context.STATIONS:
            # As the table has them: what is needed most comes first.
            named.sort(key=COMMANDS.index)
        # The filter has the focus already.
        busy = "filter" if self.context is Context.FILTER else ""
        return [command for command in named if self._label(command) and command.id != busy]

    def render_line(self, y: int) -> Strip:
        """Render the hints that fit."""
        room = self.size.width
        ground, key, word = self.ground, self.style_of("key"), self.style_of("quiet")
        palette = command_by_id("palette")
        parts = [self._part(command, word) for command in self.commands()]
        parts.append(
            BarPart(
                f"{self._keys.label(palette)} {palette.label}",
                word,
                _NEEDED.index("star"),
                right=True,
                name="palette",
            )
        )
        self._parts = fit_parts(parts, room)
        segments: list[Segment] = []
        used = 0
        for part in self._parts:
            if part.right:
                segments.append(Segment(" " * (room - used - cell_len(part.text)), ground))
            label, _, words = part.text.partition(" ")
            segments += [
                Segment(label, key),
                Segment(f" {words}", word),
                Segment(" " * PART_GAP, ground),
            ]
            used += cell_len(part.text) + PART_GAP
        return Strip(segments).adjust_cell_length(room, ground).apply_style(ground)

    def on_click(self, event: events.Click) -> None:
        """Report the command that was clicked."""
        offset = event.get_content_offset(self)
        name = part_at(self._parts, offset.x, self.size.width) if offset is not None else ""
        if name:
            self.post_message(self.CommandClicked(name))

    def _part(self, command: Command, style: Style) -> BarPart:
        order = (*_NEEDED, *self.extra_commands, *_NEAR.get(self.context, ()), *_WHERE_ROOM)
        need = order.index(command.id) if command.id in order else len(_NEEDED)
        hides = command.id == "show-log" and self.hides_log
        label = "Hide log" if hides else command.label
        return BarPart(f"{self._label(command)} {label}", style, need, name=command.id)

    def _label(self, command: Command) -> str:
        """Return the first active key; in a text field, printable keys are not."""
        works = (
            key
            for key in self._keys.of(command)
            if not (self.context.accepts_text and types_character(key))
        )
        return next(map(key_label, works), "")

    def _is_near(self, command: Command) -> bool:
        typing = self.context in (Context.FILTER, Context.DIALOG) and command.works_in(self.context)
        return typing or command.id in _NEAR.get(self.context, ())
