"""Tests of the table of commands."""

import itertools
import re

import pytest
from textual.binding import Binding, BindingsMap

from nobil_tui.commands import (
    COMMANDS,
    Context,
    active_in,
    command_by_id,
    for_context,
    is_command,
)


def test_ids_are_kebab_case_and_unique() -> None:
    ids = [command.id for command in COMMANDS]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", id_) for id_ in ids)


def test_every_command_has_a_label_and_a_tooltip() -> None:
    for command in COMMANDS:
        assert 0 < len(command.label) <= 14, command.id
        assert command.tooltip.endswith("."), command.id
        assert command.tooltip[0].isupper(), command.id
        assert command.action.isidentifier(), command.id


def test_keys_have_textual_names() -> None:
    for command in COMMANDS:
        if command.keys:
            bindings = BindingsMap([Binding(",".join(command.keys), command.action)])
            assert tuple(bindings.key_to_bindings) == command.keys


def test_default_keys_do_not_conflict() -> None:
    for context in Context:
        for one, other in itertools.combinations(active_in(context), 2):
            assert not set(one.keys) & set(other.keys), (one.id, other.id)


def test_command_by_id() -> None:
    assert all(command_by_id(command.id) is command for command in COMMANDS)
    assert is_command("star")
    assert not is_command("strar")
    with pytest.raises(KeyError):
        command_by_id("strar")


def test_every_command_has_a_context_and_every_context_a_heading() -> None:
    found = {command.id for context in Context for command in for_context(context)}
    assert found == {command.id for command in COMMANDS}
    assert len({context.heading for context in Context}) == len(Context)


def test_commands_of_inner_context_come_first() -> None:
    ids = [command.id for command in active_in(Context.STATIONS)]
    assert ids.index("sort") < ids.index("down") < ids.index("quit")
    assert "select" not in ids


def test_dialog_hides_commands_below_it() -> None:
    assert {command.id for command in active_in(Context.DIALOG)} == {"back", "quit", "palette"}


def test_help_and_quit_are_required() -> None:
    assert {command.id for command in COMMANDS if command.required} == {"quit", "help"}
    assert all(command.keys for command in COMMANDS if command.required)


def test_text_contexts_bind_no_printable_keys() -> None:
    for context in Context:
        if context.accepts_text:
            assert all(len(key) > 1 for command in for_context(context) for key in command.keys)


def test_commands_without_keys_are_in_the_palette() -> None:
    assert all(command.palette for command in COMMANDS if not command.keys)


def test_commands_of_the_footer() -> None:
    footer = [command.label for command in active_in(Context.STATIONS) if command.footer]
    assert sorted(footer) == sorted(
        ["Filter", "Star", "Starred", "Sort", "Alert", "Log scope", "Help", "Quit"]
    )
