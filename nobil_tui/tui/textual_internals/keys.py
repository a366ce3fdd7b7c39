"""Run the bindings of keys and type keys, in the order in which they were pressed."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input


async def run_key_binding(app: App[Any], key: str) -> Binding | None:
    """Run the binding of a key, from the focused widget up; return the binding that was used.

    Textual asks for the bindings when the key has bubbled to the app, through the queue of each
    widget in between, and the next key may overtake it there.
    """
    screen = app.screen
    for priority in (True, False):
        chain = list(screen._binding_chain)[::-1] if priority else screen._modal_binding_chain
        for namespace, bindings in chain:
            for binding in bindings.key_to_bindings.get(key, ()):
                if binding.priority is priority and await app.run_action(binding.action, namespace):
                    return binding
    return None


async def type_into(field: Input, key: events.Key) -> None:
    """Insert a printable key into a text field, now and not when its queue is empty."""
    await field._on_key(key)


def forward(widget: Widget, event: events.Key | events.Paste) -> None:
    """Put a key or a paste into the queue of a widget."""
    widget._forward_event(event)
