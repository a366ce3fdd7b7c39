"""The key map: the keys of the config apply, and a key that cannot work is reported."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.commands import COMMANDS, Context, active_in, command_by_id, for_context
from nobil_tui.config.errors import ConfigError, InvalidValueError
from nobil_tui.config.key_names import types_character
from nobil_tui.config.keymap import parse_keymap
from tests.for_each import for_each


def test_empty_keymap_changes_nothing() -> None:
    assert parse_keymap({}) == {}


def test_keys_become_textuals_names() -> None:
    chosen = parse_keymap(
        {"star": "%", "filter": ["/", "slash", "ctrl+f"], "quit": "Q", "copy": []}
    )
    assert chosen == {
        "star": ("percent_sign",),
        "filter": ("slash", "ctrl+f"),
        "quit": ("Q",),
        "copy": (),
    }


def test_the_defaults_may_be_written_out() -> None:
    assert parse_keymap({command.id: command.keys for command in COMMANDS}) == {
        c.id: c.keys for c in COMMANDS
    }


@for_each(
    ("keys", "path", "told"),
    [
        ({"strar": "x"}, ("strar",), '"star"'),
        ({"log_scope": "x"}, ("log_scope",), '"log-scope"'),
        ({"zzzzzz": "x"}, ("zzzzzz",), "expected the id of a command"),
        ({"star": ["x", "slsh"]}, ("star", 1), '"slash"'),
        ({"star": ""}, ("star",), "takes all keys away"),
        ({"quit": []}, ("quit",), "at least one"),
        ({"help": []}, ("help",), "at least one"),
        ({"back": "b"}, ("back",), "is text while you type a filter"),
        ({"keep-filter": ["f5", "space"]}, ("keep-filter", 1), "is text"),
        ({"star": "w"}, ("star",), "starred-only"),
        ({"sort": "w"}, ("sort",), "starred-only in the stations"),
        ({"select": "j"}, ("select",), "down in the event log"),
        ({"star": "ctrl+p"}, ("star",), "palette"),
        ({"back": "ctrl+q"}, ("back",), "quit"),
        ({"star": "enter"}, ("star",), "open"),
        ({"star": "ctrl+i"}, ("star",), "next-pane"),
        ({"star": "x", "export-log": "f2", "copy": "f2"}, ("copy",), "export-log"),
    ],
)
def test_invalid_bindings_are_reported(
    keys: dict[str, str | list[str]], path: tuple[str | int, ...], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_keymap(keys)
    assert isinstance(caught.value, InvalidValueError)
    assert caught.value.path == ("interface", "keys", *path)
    assert told in str(caught.value)


def test_two_commands_can_swap_keys() -> None:
    assert parse_keymap({"star": "w", "starred-only": "s"}) == {
        "star": ("w",),
        "starred-only": ("s",),
    }


def test_key_may_repeat_in_separate_contexts() -> None:
    assert parse_keymap({"select": "f5", "sort": "f5", "keep-filter": "f5"})


def test_hidden_key_is_no_conflict() -> None:
    # A dialog hides what is below it.
    assert not {command.id for command in for_context(Context.DIALOG)} & {"star"}


IDS = st.sampled_from([command.id for command in COMMANDS])
KEYS = st.sampled_from(
    [*"sweoOjq/?Z", "tab", "enter", "f1", "f2", "f3", "f4", "ctrl+q", "ctrl+x", "escape", "space"]
)


@given(st.dictionaries(IDS, KEYS | st.lists(KEYS, max_size=3), max_size=4))
def test_accepted_keymaps_are_unambiguous(keys: dict[str, str | list[str]]) -> None:
    try:
        chosen = parse_keymap(keys)
    except ConfigError:
        return
    for context in Context:
        for one, other in combinations(active_in(context), 2):
            assert not set(chosen.get(one.id, one.keys)) & set(chosen.get(other.id, other.keys))
        if context.accepts_text:
            assert not any(
                types_character(key)
                for c in for_context(context)
                for key in chosen.get(c.id, c.keys)
            )
    assert all(chosen.get(id_, command_by_id(id_).keys) for id_ in ("quit", "help"))
