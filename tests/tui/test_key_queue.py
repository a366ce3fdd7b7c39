"""Keys sent at once have the same effect as the same keys typed slowly, in every text field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.widgets import Input

from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.feeds.source import SourceError
from nobil_tui.tui.dialogs.connect import ConnectScreen
from nobil_tui.tui.dialogs.edit_alert import EditAlertScreen
from nobil_tui.tui.dialogs.export import ExportScreen
from nobil_tui.tui.dialogs.save_filter import SaveFilterScreen
from nobil_tui.tui.palette import command_palette
from nobil_tui.tui.widgets.event_log.buffer import LoggedChanges
from tests.conftest import FakeClock
from tests.tui.app_driver import USUAL, SteppedSource, live, main_of, opened, setup_of, until
from tests.tui.key_bursts import QueueStage, key_event, send, settle


def typed_slowly(keys: Sequence[str], fields: int) -> tuple[list[str], list[str], int]:
    """Return the values, the submitted texts and the focus as keys typed slowly leave them."""
    values, cursors, submitted = [""] * fields, [0] * fields, list[str]()
    on = 0
    for key in keys:
        text, at = values[on], cursors[on]
        match key:
            case "backspace":
                text, at = text[: max(0, at - 1)] + text[at:], max(0, at - 1)
            case "delete":
                text = text[:at] + text[at + 1 :]
            case "ctrl+u":
                text, at = text[at:], 0
            case "ctrl+k":
                text = text[:at]
            case "left":
                at = max(0, at - 1)
            case "right":
                at = min(len(text), at + 1)
            case "home":
                at = 0
            case "end":
                at = len(text)
            case "enter" | "tab":
                if key == "enter":
                    submitted.append(text)
                on = (on + 1) % fields
            case _:
                text, at = text[:at] + key + text[at:], at + 1
        values[on if key not in ("enter", "tab") else (on - 1) % fields] = text
        cursors[on if key not in ("enter", "tab") else (on - 1) % fields] = at
    return values, submitted, on


KEYS = st.lists(
    st.sampled_from([*"abc", "backspace", "delete", "ctrl+u", "ctrl+k", "left", "right", "home"])
    | st.sampled_from(["end", "enter", "tab"]),
    max_size=25,
)


async def test_any_keys_sent_at_once_equal_the_same_sent_slowly() -> None:
    bursts: list[list[str]] = []

    @settings(max_examples=30, database=None)
    @given(KEYS)
    def collect(keys: list[str]) -> None:
        bursts.append(keys)

    collect()
    fields = [Input(id=name, select_on_focus=False) for name in ("one", "two")]
    stage = QueueStage(*fields)
    async with stage.run_test() as pilot:
        for keys in bursts:
            stage.submitted.clear()
            for each in fields:
                each.value = ""
            fields[0].focus()
            send(pilot, *keys)
            await settle(pilot)
            values, submitted, on = typed_slowly(keys, len(fields))
            assert [each.value for each in fields] == values, keys
            assert [text for _, text in stage.submitted] == submitted, keys
            assert fields[on].has_focus, keys


async def test_a_paste_keeps_its_place_among_the_keys() -> None:
    field = Input()
    async with QueueStage(field).run_test() as pilot:
        field.focus()
        await settle(pilot)
        for event in (key_event("a"), events.Paste("bcd"), key_event("backspace"), key_event("e")):
            pilot.app.post_message(event)
        await settle(pilot)
        assert field.value == "abce"


def refuse(text: str, key: object) -> Any:
    raise SourceError(f"There is no source {text}.")


async def test_a_burst_reaches_each_field_of_the_app_in_order() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, SteppedSource(clock)), USUAL) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        # What is typed behind the key that opens a dialog, and behind the one that closes it.
        send(pilot, "slash", *"oslox", "backspace", "enter", "j", "s")
        await settle(pilot)
        assert workspace.filter_line.text == "oslo"
        assert len(workspace.settings.starred) == 1
        assert workspace.stations.has_focus
        send(pilot, "slash", "ctrl+u", *"ccs", "escape", "slash", *"free", "enter")
        await settle(pilot)
        assert workspace.filter_line.text == workspace.station_list.filter == "free"
        send(pilot, "S", *"wxyz", "left", "backspace", "enter", "slash", "end", "x")
        await settle(pilot)
        assert workspace.settings.filters == {"wxz": "free"}
        assert workspace.filter_line.text == "freex"
        send(pilot, "escape", "c", "ctrl+u", *"foo", "backspace", "backspace", *"v1", "tab", *"key")
        await settle(pilot)
        dialog = pilot.app.screen
        assert isinstance(dialog, ConnectScreen)
        assert [each.value for each in dialog.query(Input)] == ["fv1", "key"]


async def test_a_burst_reaches_each_field_of_each_dialog_in_order() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, SteppedSource(clock)), USUAL) as pilot:
        main = await live(pilot)
        register = main.workspace.register
        for dialog in (
            ConnectScreen(refuse, ""),
            EditAlertScreen(AlertRule(filter="ccs"), ""),
            ExportScreen(LoggedChanges([]), register, "log.csv"),
            SaveFilterScreen("free", ()),
            command_palette(),
        ):
            pilot.app.push_screen(dialog)
            await settle(pilot)
            for field in dialog.query(Input):
                field.focus()
                send(
                    pilot,
                    "end",
                    "ctrl+u",
                    *"12",
                    "left",
                    "backspace",
                    *"345",
                    "delete",
                    "home",
                    "6",
                )
                await settle(pilot)
                assert field.value == "6345", (dialog, field)
            dialog.dismiss()
            await settle(pilot)


async def test_the_palette_searches_for_all_that_was_typed_before_enter() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, SteppedSource(clock)), USUAL) as pilot:
        main = await live(pilot)
        send(pilot, "ctrl+p", *"pin starred", "enter", "j")
        await until(pilot, lambda: not main.workspace.station_list.options.pin_starred)
        assert pilot.app.screen is main


async def test_what_is_typed_before_the_first_paint_acts_after_it() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, SteppedSource(clock)), USUAL, typed="we") as pilot:
        workspace = main_of(pilot).workspace
        await until(
            pilot, lambda: workspace.is_bound and workspace.station_list.options.faults_only
        )
        assert workspace.station_list.options.starred_only
