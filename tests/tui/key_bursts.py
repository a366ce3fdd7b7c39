"""Bursts of keys: sent at once, as a terminal sends them, through the queue of the real app."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from nobil_tui.base.clock import Clock
from nobil_tui.tui.key_queue import KeyQueue, Marker
from tests.tui.widget_host import Stage

CHARACTERS = {"enter": "\r", "escape": "\x1b", "tab": "\t", "space": " ", "slash": "/"}


class QueueStage(Stage):
    """A stage whose keys pass through a queue, as in the real app."""

    def __init__(self, *fields: Input) -> None:
        super().__init__(*fields)
        self.queue = KeyQueue(self, lambda key: None, Clock())
        self.submitted: list[tuple[str | None, str]] = []

    def on_mount(self) -> None:
        self.screen_change_signal.subscribe(self, self.queue.on_screen_change, immediate=True)

    def on_marker(self, marker: Marker) -> None:
        self.queue.on_marker(marker)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        # As a dialog does: what is typed behind Enter belongs to the next field.
        self.submitted.append((message.input.id, message.value))
        self.screen.focus_next()

    def action_focus_next(self) -> None:
        self.screen.focus_next()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste):
            if not event.is_forwarded:
                await self.queue.put(event)
            return
        await super().on_event(event)


def key_event(key: str) -> events.Key:
    return events.Key(key, CHARACTERS.get(key, key if len(key) == 1 else None))


def send(pilot: Pilot[Any], *keys: str) -> None:
    """Post keys like a driver that read them all at once."""
    for key in keys:
        pilot.app.post_message(key_event(key))


async def settle(pilot: Pilot[Any]) -> None:
    for _ in range(2):
        await pilot.pause()
