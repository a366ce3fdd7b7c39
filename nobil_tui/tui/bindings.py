"""Commands as Textual's bindings, and keys as a reader knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.binding import Binding, BindingType
from textual.keys import format_key

from nobil_tui.commands import COMMANDS, Command, Context, command_by_id, for_context

NEVER = "f63"
"""A key that no keyboard has, for a command whose keys the user took away: Textual overlooks an empty one."""

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
    """Return the bindings of one context, with the ids by which a keymap changes their keys.

    A dialog hides what is below it, so it binds what must work everywhere itself. None is a priority binding of
    Textual's: such a key would be taken from somebody who types it into a text field.
    """
    commands = list(for_context(context))
    if context is Context.DIALOG:
        commands += [command for command in COMMANDS if command.priority and command not in commands]
    return [binding_of(command) for command in commands]


def keymap_of(keys: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Turn the config's keys by command id into Textual's keymap."""
    return {id_: ",".join(chosen) or NEVER for id_, chosen in keys.items()}


class KeyBindings:
    """Which keys each command has, in words."""

    def __init__(self, chosen: Mapping[str, Sequence[str]] | None = None) -> None:
        self._chosen = chosen or {}

    def of(self, command: Command) -> tuple[str, ...]:
        """The command's keys, as Textual names them."""
        return tuple(self._chosen.get(command.id, command.keys))

    def label(self, command: Command) -> str:
        """The first of its keys as a reader knows it; empty where it has none."""
        keys = self.of(command)
        return key_label(keys[0]) if keys else ""

    def named(self, id_: str) -> str:
        """The first key of the command of an id, for texts that name it; its words where it has none."""
        command = command_by_id(id_)
        return self.label(command) or command.label

    def labels(self, command: Command) -> str:
        """All of its keys; of a long row the first and the last."""
        labels = [key_label(key) for key in self.of(command)]
        return " ".join(labels) if len(labels) < 5 else f"{labels[0]} to {labels[-1]}"


def key_label(key: str) -> str:
    """A key as a reader knows it: ``/``, ``Esc``, ``^p``, ``S-Tab``."""
    *held, last = key.split("+")
    name = _NAMES.get(last) or (last.upper() if last.startswith("f") and last[1:].isdigit() else format_key(last))
    return "".join({"ctrl": "^", "shift": "S-", "alt": "M-"}.get(one, one + "-") for one in held) + name


def binding_of(command: Command) -> Binding:
    """Return the binding of one command."""
    keys = ",".join(command.keys) or NEVER
    return Binding(keys, command.action, command.label, id=command.id, tooltip=command.tooltip, show=False)
