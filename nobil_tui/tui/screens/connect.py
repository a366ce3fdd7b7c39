"""Connects to another source: asks for it and its key, tries them, and only then takes and saves them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from nobil_tui.base.redaction import Secret
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.events import Connected, Ended, Feed, Lost, Refused
from nobil_tui.feeds.source import ChosenSource, Source, SourceError
from nobil_tui.tui.screens.dialog import AsciiCheckbox, Dialog

TRY_FOR = 20.0
"""Seconds."""

Try = Callable[[str, Secret | None], ChosenSource]
"""Makes a source of a text and a key; raises ``SourceError``."""


class SourceChoice(NamedTuple):
    """What the user chose."""

    chosen: ChosenSource
    remember: bool
    """Whether it is to be there at the next start."""


async def try_out(source: Source) -> str:
    """Connect once. Returns what went wrong, in words; empty where it works."""
    try:
        return await _first_word((await run_in_thread(source.open)).feed)
    except SourceError as error:
        return str(error)
    finally:
        # Also where nobody waits any more for it to open.
        await run_in_thread(source.close)


async def _first_word(feed: Feed) -> str:
    events = feed.events()
    try:
        async with asyncio.timeout(TRY_FOR):
            async for event in events:
                if isinstance(event, Connected | Ended):
                    return ""
                if isinstance(event, Refused):
                    return f"The key is refused ({event.reason})."
                if isinstance(event, Lost):
                    return f"Not connected: {event.reason}."
    except TimeoutError:
        return f"Nothing answered within {TRY_FOR:.0f} s."
    finally:
        await events.aclose()
    return "The source ended at once."


class ConnectScreen(Dialog[SourceChoice]):
    """Returns the choice; None where the user stays with what there is."""

    def __init__(self, choose: Try, text: str) -> None:
        super().__init__()
        self._choose = choose
        self._text = text

    def compose(self) -> ComposeResult:
        """Source, key, and what came of it."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Connect to a source"
            yield Label("Source: enova, a ws:// or wss:// address, v1, demo, or the file of a recording")
            yield Input(self._text, placeholder="enova, or wss://host/path?key={private_apikey}", id="source")
            yield Label("Key, if it needs one (hidden; sent to this source alone)")
            yield Input(password=True, placeholder="API key", id="key")
            yield AsciiCheckbox("Remember both in the config once they work", id="remember")
            yield Static("", id="answer", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Connect", variant="primary", id="connect")
                yield Button("Cancel", id="cancel")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Try, or go away."""
        if event.button.id == "cancel":
            self.action_back()
        else:
            self.attempt()

    def on_input_submitted(self) -> None:
        """Try."""
        self.attempt()

    @work(exclusive=True)
    async def attempt(self) -> None:
        """Try what is in the fields; take it where it works."""
        text = self.query_one("#source", Input).value.strip()
        typed = self.query_one("#key", Input).value.strip()
        key = Secret(typed) if typed else None
        self.say("Connecting …")
        try:
            trial = self._choose(text, key).source
            problem = "" if trial.simulated else await try_out(trial)
            if not problem:
                remember = self.query_one("#remember", AsciiCheckbox).value
                self.dismiss(SourceChoice(self._choose(text, key), remember))
                return
        except SourceError as error:
            problem = str(error)
        self.say(problem)
