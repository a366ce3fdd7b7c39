"""Validate the user's key bindings: ids, key names and conflicts, which Textual would ignore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from nobil_tui.base.text import did_you_mean, quoted
from nobil_tui.commands import COMMANDS, Command, Context, active_in, command_by_id, is_command
from nobil_tui.config.errors import InvalidValueError, KeyPath
from nobil_tui.config.key_names import KeyNameError, canonical_key, types_character

_TABLE: KeyPath = ("interface", "keys")


def parse_keymap(keys: Mapping[str, str | Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return Textual's names of the keys of each remapped command, by command id.

    An empty list removes all keys of a command. Raise ``InvalidValueError`` for an unknown command
    or key, for a key of two commands in one context, and for a required command without a key.
    """
    chosen: dict[str, tuple[str, ...]] = {}
    for id_, written in keys.items():
        if not is_command(id_):
            ids = [command.id for command in COMMANDS]
            near = (
                did_you_mean(id_.replace("_", "-"), ids)
                or " The help names the commands by what they do."
            )
            raise InvalidValueError(
                (*_TABLE, id_),
                f"is not known; expected the id of a command, such as {ids[0]}.{near}",
            )
        chosen[id_] = _keys_of(command_by_id(id_), written)
    if chosen:
        _check_conflicts(chosen)
    return chosen


def _keys_of(command: Command, written: str | Sequence[str]) -> tuple[str, ...]:
    path: KeyPath = (*_TABLE, command.id)
    each = (
        [(path, written)]
        if isinstance(written, str)
        else [((*path, i), key) for i, key in enumerate(written)]
    )
    found: dict[str, None] = {}
    for place, text in each:
        if not text:
            raise InvalidValueError(
                place, "is empty; expected a key. An empty list, [], takes all keys away."
            )
        try:
            key = canonical_key(text)
        except KeyNameError as error:
            raise InvalidValueError(place, str(error)) from None
        if types_character(key) and (
            typed := next((c for c in Context if c.accepts_text and command.works_in(c)), None)
        ):
            words = (
                f"is {quoted(text)}, which is text {_lower(typed)}; expected a key that types "
                "nothing."
            )
            raise InvalidValueError(place, words)
        found[key] = None
    if command.required and not found:
        raise InvalidValueError(path, f"has no key; {command.label} must keep at least one.")
    return tuple(found)


def _check_conflicts(chosen: Mapping[str, tuple[str, ...]]) -> None:
    """Raise for a key of two commands in one context. The defaults have no conflicts."""
    order = list(chosen)
    for context in Context:
        for one, other in combinations(active_in(context), 2):
            both = [
                key
                for key in chosen.get(one.id, one.keys)
                if key in chosen.get(other.id, other.keys)
            ]
            if not both:
                continue
            # If both are in the file, the later line is reported.
            late, first = (
                (one, other) if _place(one, order) > _place(other, order) else (other, one)
            )
            raise InvalidValueError(
                (*_TABLE, late.id),
                f"is {quoted(both[0])}, which is also the key of {first.id} {_lower(context)}; "
                "expected a key of its own.",
            )


def _place(command: Command, order: list[str]) -> int:
    return order.index(command.id) if command.id in order else -1


def _lower(context: Context) -> str:
    return context.heading[0].lower() + context.heading[1:]
