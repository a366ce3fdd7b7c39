"""Screens that close once."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.await_complete import AwaitComplete
from textual.message import Message

from nobil_tui.tui.textual_internals.mixins import ScreenMixin


class Dismissal(ScreenMixin):
    """Makes ``dismiss`` of a screen safe to repeat, and drops the input that comes after it.

    Textual pops the topmost screen, whichever it is, and keys wait in the queues of the widgets
    that had the focus: two keys in quick succession would close the screen below as well.
    """

    dismissed = False
    """Whether the screen was dismissed."""
    _result: Any = None

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close the screen with ``result``, unless it was dismissed before.

        Below another screen, it closes once that has closed.
        """
        if self.dismissed:
            return AwaitComplete()
        self.dismissed = True
        if self.is_active:
            return super().dismiss(result)
        self._result = result
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        """Close the screen now if it was dismissed while another was on top."""
        if self.dismissed and self.is_active:
            super().dismiss(self._result)

    async def _dispatch_message(self, message: Message) -> None:
        if self.dismissed and _is_input(message):
            return
        await super()._dispatch_message(message)


def _is_input(message: Message) -> bool:
    """Return whether a message is a key or a click, or what a widget makes of one."""
    if isinstance(message, events.Event):
        return isinstance(message, events.InputEvent | events.Paste)
    return message.bubble
