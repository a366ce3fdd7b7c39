"""Commands as bindings: each is bound where it works, to an action that exists."""

from __future__ import annotations

import re

from textual.actions import parse
from textual.binding import Binding
from textual.dom import DOMNode

from nobil_tui.commands import COMMANDS, Context, command_by_id, for_context
from nobil_tui.config.keymap import parse_keymap
from nobil_tui.config.model import Config, InterfaceSection
from nobil_tui.tui.app import NobilApp
from nobil_tui.tui.bindings import NEVER, KeyBindings, bindings_for, key_label, keymap_of
from nobil_tui.tui.dialogs.alerts import AlertList
from nobil_tui.tui.dialogs.columns import ColumnList
from nobil_tui.tui.dialogs.dialog import Dialog
from nobil_tui.tui.dialogs.help import HelpText
from nobil_tui.tui.screens.main import MainScreen
from nobil_tui.tui.widgets.connectors.pane import ConnectorsPane
from nobil_tui.tui.widgets.event_log.pane import EventLog
from nobil_tui.tui.widgets.filter.input import FilterInput
from nobil_tui.tui.widgets.stations.pane import StationsPane
from nobil_tui.tui.widgets.virtual_list import VirtualList
from tests.conftest import FakeClock
from tests.tui.app_driver import SteppedSource, live, opened, setup_of, text_of

OWNERS: dict[Context, tuple[type[DOMNode], ...]] = {
    Context.EVERYWHERE: (MainScreen,),
    Context.PLAYING: (MainScreen,),
    Context.LISTS: (VirtualList, HelpText),
    Context.STATIONS: (StationsPane,),
    Context.LOG: (EventLog,),
    Context.CONNECTORS: (ConnectorsPane,),
    Context.FILTER: (FilterInput,),
    Context.DIALOG: (Dialog,),
    Context.ALERTS: (AlertList,),
    Context.COLUMNS: (ColumnList,),
}
"""The classes that bind the commands of each context."""


def bound(context: Context) -> dict[str, Binding]:
    """The bindings of a context by their ids."""
    found = {}
    for binding in bindings_for(context):
        assert isinstance(binding, Binding)
        assert binding.id is not None
        found[binding.id] = binding
    return found


def test_every_command_is_bound_where_it_works() -> None:
    for context in Context:
        bindings = bound(context)
        assert {*bindings} >= {command.id for command in for_context(context)}
        for id_, binding in bindings.items():
            command = command_by_id(id_)
            assert binding.key == (",".join(command.keys) or NEVER)
            assert (binding.description, binding.tooltip) == (command.label, command.tooltip)
            # A priority binding of Textual's could not be typed in a text field.
            assert not binding.priority
            assert not binding.show


def test_what_works_everywhere_works_in_a_dialog_too() -> None:
    urgent = {command.id for command in COMMANDS if command.priority}
    assert urgent
    assert {*bound(Context.DIALOG)} == {"back", *urgent}


def test_the_target_of_a_binding_has_its_action() -> None:
    for context in Context:
        for owner in OWNERS[context]:
            merged = owner._merge_bindings().key_to_bindings.values()
            ids = {binding.id for bindings in merged for binding in bindings}
            for id_, binding in bound(context).items():
                assert id_ in ids, (owner, id_)
                namespace, name, arguments = parse(binding.action)
                target = NobilApp if namespace == "app" else owner
                assert callable(getattr(target, f"action_{name}", None)), (owner, id_)
                assert arguments == ((id_,) if name == "run_command" else ())


def test_a_key_is_written_as_readers_know_it() -> None:
    for key, label in (
        ("s", "s"),
        ("O", "O"),
        ("slash", "/"),
        ("question_mark", "?"),
        ("plus", "+"),
        ("left_square_bracket", "["),
        ("escape", "Esc"),
        ("pagedown", "PgDn"),
        ("f1", "F1"),
        ("f12", "F12"),
        ("f", "f"),
        ("ctrl+p", "^p"),
        ("ctrl+plus", "^+"),
        ("shift+tab", "S-Tab"),
        ("alt+enter", "M-Enter"),
        ("ctrl+shift+f5", "^S-F5"),
        ("super+k", "super-k"),
    ):
        assert key_label(key) == label, (key, label)


def test_no_key_is_shown_by_its_inner_name() -> None:
    for command in COMMANDS:
        for key in command.keys:
            assert re.fullmatch(
                r"(\^|S-)?(\S|F\d+|Esc|Enter|Tab|Space|Home|End|Del|PgUp|PgDn)", key_label(key)
            )


def test_keys_are_the_users_where_there_are_any() -> None:
    keys = KeyBindings({"star": ("f", "ctrl+s"), "sort": ()})
    star, sort, quit_, saved = (
        command_by_id(id_) for id_ in ("star", "sort", "quit", "saved-filter")
    )
    assert (keys.of(star), keys.label(star), keys.labels(star)) == (("f", "ctrl+s"), "f", "f ^s")
    assert (keys.of(sort), keys.label(sort), keys.labels(sort)) == ((), "", "")
    assert (keys.label(quit_), keys.labels(quit_)) == ("q", "q ^q ^c")
    assert keys.labels(saved) == "1 to 9"
    assert KeyBindings().of(star) == ("s",)
    # In a text, a command without a key is called by its words.
    assert (keys.named("star"), keys.named("sort")) == ("f", "Sort")


def test_a_keymap_is_what_the_library_takes() -> None:
    assert keymap_of({"star": ("f", "ctrl+s"), "sort": ()}) == {"star": "f,ctrl+s", "sort": NEVER}


async def test_the_users_keys_work_and_those_taken_away_do_not() -> None:
    clock = FakeClock()
    chosen: dict[str, str | list[str]] = {
        "star": "f",
        "starred-only": [],
        "pin-starred": "w",
        "help": ["f2"],
    }
    assert parse_keymap(chosen)
    config = Config(interface=InterfaceSection(keys=chosen))
    async with opened(setup_of(clock, SteppedSource(clock), config=config)) as pilot:
        main = await live(pilot)
        assert main.workspace.station_list.options.pin_starred
        await pilot.press("s", "w", "question_mark")
        assert not main.workspace.settings.starred
        assert not main.workspace.station_list.options.starred_only
        assert not main.workspace.station_list.options.pin_starred
        assert pilot.app.screen is main
        footer = text_of(pilot)[-1]
        assert "Starred" not in footer
        assert "f Star" in footer
        assert "F2 Help" in footer
        await pilot.press("f")
        assert main.workspace.settings.starred == {main.workspace.stations.selected}
        await pilot.press("f2")
        assert pilot.app.screen is not main
        # The same key closes it.
        await pilot.press("f2")
        assert pilot.app.screen is main
