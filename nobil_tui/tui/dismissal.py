"""One way for every screen of ours to go away: once, whatever asks for it and however often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import events
from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.screen import Screen

if TYPE_CHECKING:
    _Base = Screen[Any]
else:
    # The library derives the names in style sheets from the first base that is a node: that must not be this one.
    _Base = object


class Dismissal(_Base):
    """Makes ``dismiss`` of a screen safe to repeat, and drops the input that comes after it.

    The library takes the topmost screen from its stack, whichever that is, and keys wait in the queues of the widgets
    that had the focus: two keys in quick succession would close what is below, too.
    """

    dismissed = False
    """Whether it goes away, or is gone."""
    _result: Any = None

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Go away with ``result``; nothing where it was dismissed before. Below another screen, it waits for that."""
        if self.dismissed:
            return AwaitComplete()
        self.dismissed = True
        if self.is_active:
            return super().dismiss(result)
        self._result = result
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        """Go away now if that was asked for while this was not the topmost screen."""
        if self.dismissed and self.is_active:
            super().dismiss(self._result)

    async def _dispatch_message(self, message: Message) -> None:
        if self.dismissed and _is_input(message):
            return
        await super()._dispatch_message(message)


def _is_input(message: Message) -> bool:
    """Tell whether a message is a key or a click, or what a widget makes of one."""
    if isinstance(message, events.Event):
        return isinstance(message, events.InputEvent | events.Paste)
    return message.bubble
