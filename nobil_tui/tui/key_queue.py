"""Deliver keys and pastes in the order in which they were typed, at any speed.

A key acts at once on the focused widget, and the next one waits until its effect is complete: a
field was submitted, a dialog was closed, or another one is open and has the focus. So a burst from
a macro, a password manager or a slow line has the same effect as the same keys typed slowly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from nobil_tui.base.clock import Clock
from nobil_tui.commands import Context, for_context
from nobil_tui.tui.textual_internals.keys import forward, run_key_binding, type_into

ROUNDS = 2
"""How often a marker passes after each key: a message caused by the key may cause another one."""
LONGEST = 0.3
"""Seconds after which a waiting key is delivered even if the effect of the key before is not
complete: an export may write to a slow disk."""

REPEATED = 0.5
"""Within this many seconds, the same key again means that it is held, or was pressed twice by
mistake."""

_MOVEMENTS = {command.id for command in for_context(Context.LISTS)}
_EDITS = ("cursor_", "delete_", "home", "end")
"""Prefixes of a text field's actions that are complete when they return."""


class Marker(Message):
    """Bubbles from a widget to the app, after all messages that a key caused there."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class KeyQueue:
    """Delivers keys and pastes one at a time. ``on_key`` is called before each key acts."""

    def __init__(self, app: App[Any], on_key: Callable[[events.Key], None], clock: Clock) -> None:
        self._app = app
        self._on_key = on_key
        self._clock = clock
        self._closing_key = ""
        """The key that closed a dialog, until it is released or another one is pressed."""
        self._closing_key_at = 0.0
        """When it arrived last, in seconds of the monotonic clock."""
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._number = 0
        """The number of the latest marker."""
        self._rounds = 0
        """Passes of markers to wait for."""
        self._last_key = ""
        """The key that acted last."""
        self._depth = 0
        """Screens that were open when it acted."""

    async def put(self, event: events.Key | events.Paste) -> None:
        """Deliver a key or a paste, or keep it until its turn."""
        if self._is_repeated(event):
            return
        if self._rounds and not self._waiting:
            number = self._number
            self._app.set_timer(LONGEST, partial(self._app.call_later, self._give_up, number))
        self._waiting.append(event)
        await self._deliver()

    def _is_repeated(self, event: events.Key | events.Paste) -> bool:
        """Return whether the key that closed a dialog is held, or was pressed twice.

        It is not meant for the screen below, which ``q`` would quit.
        """
        now, key = self._clock.monotonic(), getattr(event, "key", "")
        if key and key == self._closing_key and now - self._closing_key_at < REPEATED:
            self._closing_key_at = now
            return True
        self._closing_key = ""
        return False

    def on_click(self) -> None:
        """Note a click: the next key is meant for what the click opened, even if the same key has
        just closed a dialog."""
        self._closing_key = ""

    def on_screen_change(self, screen: Screen[Any]) -> None:
        """Wait for the screen that is on top now: a dialog has no focus before it is composed."""
        if self._closed and self._last_key:
            self._closing_key, self._closing_key_at = self._last_key, self._clock.monotonic()
        if not self._rounds:
            return
        if self._closed:
            while self._waiting and getattr(self._waiting[0], "key", "") == self._last_key:
                self._waiting.popleft()
        self._mark(screen)

    def on_marker(self, marker: Marker) -> None:
        """Note that the effect of a key is complete as far as the marker passed."""
        if marker.number != self._number or not self._rounds:
            return
        self._rounds -= 1
        if self._rounds:
            self._mark(self._target)
        else:
            # This comes after the callbacks of a closed dialog.
            self._rounds = 1
            self._app.call_next(self._give_up, marker.number)

    @property
    def busy(self) -> bool:
        """Whether the effect of a key is incomplete, or a key waits."""
        return bool(self._rounds or self._waiting)

    @property
    def _closed(self) -> bool:
        """Whether the last key closed a screen."""
        return len(self._app.screen_stack) < self._depth

    @property
    def _target(self) -> Widget:
        """The focused widget, or the top screen."""
        return self._app.focused or self._app.screen

    async def _give_up(self, number: int) -> None:
        """Stop waiting for the marker with this number."""
        if number == self._number:
            self._rounds = 0
            await self._deliver()

    async def _deliver(self) -> None:
        while self._waiting and not self._rounds and self._app.screen_stack:
            if not self._app.screen.is_mounted:
                # The key was typed at the very start: nothing can act on it before the screen is
                # composed.
                self._mark(self._app.screen)
                return
            await self._act(self._waiting.popleft())

    async def _act(self, event: events.Key | events.Paste) -> None:
        """Let a key or a paste act on the focused widget."""
        app, target = self._app, self._target
        self._last_key, self._depth = "", len(app.screen_stack)
        if isinstance(event, events.Paste):
            self._rounds = ROUNDS
            forward(target, event)
            self._mark(target)
            return
        self._last_key = event.key
        self._on_key(event)
        if event.is_printable and isinstance(target, Input):
            await type_into(target, event)
            return
        # Before it acts: the action may change the screen.
        self._rounds = ROUNDS
        binding = await run_key_binding(app, event.key)
        if binding is not None and _is_complete(binding, target):
            self._rounds = 0
            return
        if binding is None:
            forward(target, event)
        self._mark(target if app.screen in target.ancestors_with_self else app.screen)

    def _mark(self, target: Widget) -> None:
        """Send a marker from a widget."""
        self._number += 1
        self._rounds = max(1, self._rounds)
        if not target.post_message(Marker(self._number)):
            self._app.call_next(self._give_up, self._number)


def _is_complete(binding: Binding, target: Widget) -> bool:
    """Return whether the effect of a binding is complete when its action returns."""
    if binding.id in _MOVEMENTS:
        return True
    return isinstance(target, Input) and binding.action.startswith(_EDITS)
