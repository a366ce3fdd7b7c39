"""Keys act on the focused widget, in order."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from nobil_tui.tui.textual_internals.keys import run_key_binding, type_into


class Form(App[None]):
    """A field, and a binding that moves the focus away."""

    BINDINGS: ClassVar[list[BindingType]] = [("f1", "leave", "Leave")]

    def compose(self) -> ComposeResult:
        yield Input(id="first")
        yield Input(id="second")

    def action_leave(self) -> None:
        self.screen.set_focus(self.query_one("#second"))


async def test_a_binding_acts_before_the_next_key_is_typed() -> None:
    app = Form()
    async with app.run_test():
        first, second = app.query(Input)
        first.focus()
        binding = await run_key_binding(app, "f1")
        assert binding is not None
        assert binding.action == "leave"
        assert app.focused is second
        await type_into(second, events.Key("x", "x"))
        assert (first.value, second.value) == ("", "x")
        assert await run_key_binding(app, "f2") is None


async def test_textual_still_types_into_the_field_that_had_the_focus() -> None:
    """Otherwise ``run_key_binding`` is no longer needed."""
    app = Form()
    async with app.run_test() as pilot:
        first, second = app.query(Input)
        first.focus()
        for key in (events.Key("f1", None), events.Key("x", "x")):
            app.post_message(key)
        await pilot.pause()
        assert app.focused is second
        assert (first.value, second.value) == ("x", "")
