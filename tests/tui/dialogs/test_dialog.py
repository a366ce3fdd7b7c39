"""The base of all dialogs, and the dialog that saves a filter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Paste
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from nobil_tui.config.setting_table import MAX_FILTER, MAX_NAME
from nobil_tui.tui.dialogs.dialog import Dialog, FormDialog, SubmitButton
from nobil_tui.tui.dialogs.save_filter import SaveFilterScreen
from nobil_tui.tui.textual_internals.checkbox import AsciiCheckbox
from nobil_tui.tui.widgets.text_field import TextField
from tests.conftest import FakeClock
from tests.tui.app_driver import HandSource, opened, setup_of
from tests.tui.widget_host import Stage


class Asking(Dialog[str]):
    """A dialog with a field, a checkbox and a button."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Input(id="one")
            yield AsciiCheckbox("box", id="two")
            yield Button("Go", id="three")


class Answers:
    """The results of a dialog."""

    def __init__(self) -> None:
        self.given: list[str | None] = []


@asynccontextmanager
async def over(
    dialog: Dialog[str], width: int = 80, height: int = 24
) -> AsyncIterator[tuple[Answers, Pilot[None]]]:
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


async def test_keys_move_through_the_fields() -> None:
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


async def test_escape_and_a_click_beside_close_a_dialog() -> None:
    async with over(Asking()) as (answers, pilot):
        await pilot.click(".dialog", offset=(2, 1))
        await pilot.click("#one")
        assert answers.given == []
        await pilot.press("escape")
        assert answers.given == [None]
    async with over(Asking()) as (answers, pilot):
        await pilot.click(offset=(0, 0))
        assert answers.given == [None]


async def test_printable_keys_are_text() -> None:
    async with over(Asking()) as (answers, pilot):
        await pilot.press(*"q?/s", "ctrl+p")
        assert pilot.app.screen.query_one("#one", Input).value == "q?/s"
        assert answers.given == []


async def test_a_letter_that_quits_closes_a_dialog_only() -> None:
    async with over(Asking()) as (answers, pilot):
        await pilot.press("tab", "tab", "q")
        assert answers.given == [None]
        assert not pilot.app._exit


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_the_keys_to_quit_work(key: str, clock: FakeClock) -> None:
    answers = Answers()
    async with opened(setup_of(clock, HandSource(clock))) as pilot:
        await pilot.app.push_screen(Asking(), answers.given.append)
        await pilot.press(key)
        assert pilot.app._exit
    assert answers.given == []


class Boxed(FormDialog[str]):
    """A form with a box."""

    FORM_TITLE = "Form"
    SUBMIT = SubmitButton("go", "Go")

    def fields(self) -> Iterator[Widget]:
        yield AsciiCheckbox("box", id="box")
        yield TextField(max_length=5, id="field")

    async def submit(self) -> None:
        box = self.query_one(AsciiCheckbox)
        self.dismiss("ticked" if box.value else "blank")


async def test_enter_on_a_box_confirms_and_space_ticks_it() -> None:
    async with over(Boxed()) as (answers, pilot):
        await pilot.press("space", "enter")
        assert answers.given == ["ticked"]


async def test_a_paste_that_is_too_long_is_cut_with_a_word() -> None:
    async with over(Boxed()) as (_, pilot):
        field = pilot.app.screen.query_one(TextField)
        field.focus()
        await pilot.pause()
        await pilot.press("a")
        field.post_message(Paste("bc\x1bdefgh"))
        await pilot.pause()
        assert field.value == "abc d"
        assert answer(pilot) == "Cut to 5 characters, the most that fit here."


async def test_a_checkbox_needs_no_colours() -> None:
    async with over(Asking()) as (_, pilot):
        box = pilot.app.screen.query_one(AsciiCheckbox)
        assert "[ ] box" in box.render_line(0).text
        await pilot.press("tab", "space")
        assert box.value
        assert "[x] box" in box.render_line(0).text
        await pilot.click(box)
        assert "[ ] box" in box.render_line(0).text


# The dialog that saves a filter


def answer(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#answer", Static).content)


def type_in(pilot: Pilot[None], text: str) -> None:
    pilot.app.screen.query_one("#name", Input).value = text


async def test_enter_and_the_button_return_the_name() -> None:
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
async def test_an_invalid_name_is_refused(name: str, words: str) -> None:
    async with over(SaveFilterScreen("ccs free", ())) as (answers, pilot):
        type_in(pilot, name)
        await pilot.press("enter")
        assert answer(pilot) == words
        assert answers.given == []


async def test_a_filter_is_replaced_after_confirmation_only() -> None:
    async with over(SaveFilterScreen("ccs free", ("Fast", "Slow"))) as (answers, pilot):
        for name in ("Fast", "Slow", "Fast"):
            type_in(pilot, name)
            await pilot.press("enter")
            # A confirmation for one name does not count for another.
            assert (
                answer(pilot)
                == "A filter of this name already exists. Press Save again to replace it."
            )
            assert answers.given == []
        await pilot.press("enter")
        assert answers.given == ["Fast"]


async def test_the_length_of_a_name_is_limited() -> None:
    async with over(SaveFilterScreen("ccs free", ())) as (_, pilot):
        await pilot.press(*"x" * (MAX_NAME + 5))
        assert len(pilot.app.screen.query_one("#name", Input).value) == MAX_NAME


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_any_filter_is_shown_safely(size: tuple[int, int]) -> None:
    text = "[red]\x1b[2J日本 " + "x" * MAX_FILTER
    async with over(SaveFilterScreen(text, ()), *size) as (_, pilot):
        strips = [strip.text for strip in pilot.app.screen._compositor.render_strips()]
        assert any("[red][2J日本 " in line for line in strips)
        assert any("Save" in line and "Cancel" in line for line in strips)
        assert "\x1b" not in "".join(strips)
