"""What every dialog shares, and the one that asks for a filter's name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from nobil_tui.config.validation import MAX_FILTER, MAX_NAME
from nobil_tui.tui.dialogs.dialog import Dialog
from nobil_tui.tui.dialogs.save_filter import SaveFilterScreen
from nobil_tui.tui.textual_internals import AsciiCheckbox
from tests.tui.widget_host import Stage


class Asking(Dialog[str]):
    """Two fields, a box and a button."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Input(id="one")
            yield AsciiCheckbox("box", id="two")
            yield Button("Go", id="three")


class Answers:
    """What a dialog came back with."""

    def __init__(self) -> None:
        self.given: list[str | None] = []


@asynccontextmanager
async def over(dialog: Dialog[str], width: int = 80, height: int = 24) -> AsyncIterator[tuple[Answers, Pilot[None]]]:
    """Open a dialog over an empty app."""
    answers = Answers()
    app = Stage()
    async with app.run_test(size=(width, height)) as pilot:
        app.push_screen(dialog, answers.given.append)
        await pilot.pause()
        yield answers, pilot


def focused(pilot: Pilot[None]) -> str | None:
    widget = pilot.app.focused
    return widget.id if widget is not None else None


async def test_keys_go_through_its_fields_and_round() -> None:
    async with over(Asking()) as (_, pilot):
        for key, id_ in (
            (None, "one"),
            ("tab", "two"),
            ("down", "three"),
            ("tab", "one"),
            ("shift+tab", "three"),
            ("up", "two"),
        ):
            if key:
                await pilot.press(key)
            assert focused(pilot) == id_


async def test_escape_and_a_click_beside_it_close_it_and_a_click_into_it_does_not() -> None:
    async with over(Asking()) as (answers, pilot):
        await pilot.click(".dialog", offset=(2, 1))
        await pilot.click("#one")
        assert answers.given == []
        await pilot.press("escape")
        assert answers.given == [None]
    async with over(Asking()) as (answers, pilot):
        await pilot.click(offset=(0, 0))
        assert answers.given == [None]


async def test_what_is_typed_is_text_and_no_command() -> None:
    async with over(Asking()) as (answers, pilot):
        await pilot.press(*"q?/s", "ctrl+p")
        assert pilot.app.screen.query_one("#one", Input).value == "q?/s"
        assert answers.given == []


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_the_way_out_of_the_program_stays_open(key: str) -> None:
    async with over(Asking()) as (answers, pilot):
        assert not pilot.app._exit
        await pilot.press(key)
        assert pilot.app._exit
    assert answers.given == []


async def test_a_box_shows_without_colours_whether_it_is_ticked() -> None:
    async with over(Asking()) as (_, pilot):
        box = pilot.app.screen.query_one(AsciiCheckbox)
        assert "[ ] box" in box.render_line(0).text
        await pilot.press("tab", "space")
        assert box.value
        assert "[x] box" in box.render_line(0).text
        await pilot.click(box)
        assert "[ ] box" in box.render_line(0).text


# The name of a filter


def answer(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#answer", Static).content)


def type_in(pilot: Pilot[None], text: str) -> None:
    pilot.app.screen.query_one("#name", Input).value = text


async def test_a_name_is_given_by_enter_or_by_the_button() -> None:
    async with over(SaveFilterScreen("ccs free", ())) as (answers, pilot):
        await pilot.press(*"Fast ", "enter")
        assert answers.given == ["Fast"]
    async with over(SaveFilterScreen("ccs free", ())) as (answers, pilot):
        await pilot.press(*"Fast")
        await pilot.click("#save")
        assert answers.given == ["Fast"]
    async with over(SaveFilterScreen("ccs free", ())) as (answers, pilot):
        await pilot.press(*"Fast")
        await pilot.click("#cancel")
        assert answers.given == [None]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("  ", "Enter a name."),
        ("a\x1b[2J", "A name can hold printable characters only."),
    ],
)
async def test_what_is_no_name_is_not_taken(name: str, words: str) -> None:
    async with over(SaveFilterScreen("ccs free", ())) as (answers, pilot):
        type_in(pilot, name)
        await pilot.press("enter")
        assert answer(pilot) == words
        assert answers.given == []


async def test_another_filter_is_not_replaced_unasked() -> None:
    async with over(SaveFilterScreen("ccs free", ("Fast", "Slow"))) as (answers, pilot):
        for name in ("Fast", "Slow", "Fast"):
            type_in(pilot, name)
            await pilot.press("enter")
            # Said of one, it does not hold for another.
            assert answer(pilot) == "A filter of this name already exists. Press Save again to replace it."
            assert answers.given == []
        await pilot.press("enter")
        assert answers.given == ["Fast"]


async def test_a_name_is_no_longer_than_the_config_takes() -> None:
    async with over(SaveFilterScreen("ccs free", ())) as (_, pilot):
        await pilot.press(*"x" * (MAX_NAME + 5))
        assert len(pilot.app.screen.query_one("#name", Input).value) == MAX_NAME


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_it_shows_the_filter_whatever_that_is(size: tuple[int, int]) -> None:
    text = "[red]\x1b[2J日本 " + "x" * MAX_FILTER
    async with over(SaveFilterScreen(text, ()), *size) as (_, pilot):
        strips = [strip.text for strip in pilot.app.screen._compositor.render_strips()]
        assert any("[red][2J日本 " in line for line in strips)
        assert any("Save" in line and "Cancel" in line for line in strips)
        assert "\x1b" not in "".join(strips)
