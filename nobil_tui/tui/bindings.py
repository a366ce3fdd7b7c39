"""Key bindings: commands as Textual's bindings, and keys as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.binding import Binding, BindingType
from textual.keys import format_key

from nobil_tui.commands import COMMANDS, Command, Context, command_by_id, for_context

NEVER = "f63"
"""A key that no keyboard has, for a command without keys: Textual ignores an empty string."""

_NAMES = {
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "backspace": "Bksp",
    "delete": "Del",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}


def bindings_for(context: Context) -> list[BindingType]:
    """Return the bindings of a context, with the command ids that a keymap refers to.

    A dialog hides the bindings of the screens below, so it binds the commands that work everywhere
    itself. None of them is a priority binding of Textual: such a key could not be typed in a text
    field.
    """
    commands = list(for_context(context))
    if context is Context.DIALOG:
        commands += [each for each in COMMANDS if each.priority and each not in commands]
    return [binding_of(each, _action_in(context, each)) for each in commands]


def _action_in(context: Context, command: Command) -> str:
    """Return the action of a command in a context; empty for the one of its id."""
    if context in (Context.EVERYWHERE, Context.PLAYING):
        return f"run_command('{command.id}')"
    # A letter that quits the app closes a dialog. The app itself handles ctrl+c and ctrl+q.
    return "back" if context is Context.DIALOG and command.id == "quit" else ""


def keymap_of(keys: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return Textual's keymap for the config's keys by command id."""
    return {id_: ",".join(chosen) or NEVER for id_, chosen in keys.items()}


class KeyBindings:
    """The keys of each command, and how they are written in texts."""

    def __init__(self, chosen: Mapping[str, Sequence[str]] | None = None) -> None:
        self._chosen = chosen or {}

    def choose(self, chosen: Mapping[str, Sequence[str]]) -> None:
        """Use the keys of a config that changed."""
        self._chosen = chosen

    def of(self, command: Command) -> tuple[str, ...]:
        """Return the keys of a command, as Textual names them."""
        return tuple(self._chosen.get(command.id, command.keys))

    def label(self, command: Command) -> str:
        """Return the first key of a command as text; empty if it has none."""
        keys = self.of(command)
        return key_label(keys[0]) if keys else ""

    def named(self, id_: str) -> str:
        """Return the first key of the command with this id; its label if it has none."""
        command = command_by_id(id_)
        return self.label(command) or command.label

    def labels(self, command: Command) -> str:
        """Return all keys of a command; of more than four, the first and the last."""
        labels = [key_label(key) for key in self.of(command)]
        return " ".join(labels) if len(labels) < 5 else f"{labels[0]} to {labels[-1]}"


def key_label(key: str) -> str:
    """Return a key as text: ``/``, ``Esc``, ``^p``, ``S-Tab``."""
    *held, last = key.split("+")
    name = _NAMES.get(last) or (
        last.upper() if last.startswith("f") and last[1:].isdigit() else format_key(last)
    )
    return (
        "".join({"ctrl": "^", "shift": "S-", "alt": "M-"}.get(one, one + "-") for one in held)
        + name
    )


def binding_of(command: Command, action: str = "") -> Binding:
    """Return the binding of a command to an action; by default to the one of its id."""
    if not action:
        action = "app.quit" if command.id == "quit" else command.action
    keys = ",".join(command.keys) or NEVER
    return Binding(keys, action, command.label, id=command.id, tooltip=command.tooltip, show=False)
