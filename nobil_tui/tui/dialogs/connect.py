"""The dialog that connects to another source, which is used and saved only after it responded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple

from textual import work
from textual.widget import Widget
from textual.widgets import Button, Label

from nobil_tui.base.redaction import KEY_PLACEHOLDER, Secret
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.events import Connected, Degraded, Ended, Feed, Lost, Refused
from nobil_tui.config.setting_table import MAX_ADDRESS, MAX_API_KEY
from nobil_tui.feeds.source import ChosenSource, MissingKeyError, Source, SourceError
from nobil_tui.sources import catalogue
from nobil_tui.sources.names import address_of
from nobil_tui.tui.dialogs.dialog import FormDialog, SubmitButton
from nobil_tui.tui.textual_internals.checkbox import AsciiCheckbox
from nobil_tui.tui.widgets.text_field import TextField, complete_path, complete_word

TRIAL_TIMEOUT = 20.0
"""Seconds to wait for the first event of a source."""

KEY_REFUSED = "Key refused"

MakeTrial = Callable[[str, Secret | None], ChosenSource]
"""Make a source from a text and a key. Raises ``SourceError``."""


def trial_sends_no_key(text: str) -> bool:
    """Return whether a source that the user typed is an address without a key in it."""
    try:
        address = address_of(text)
    except SourceError:
        return False
    return address is not None and not (address.takes_key or address.contains_key)


def complete_source(text: str) -> str | None:
    """Return the name of a source, or of a file, that begins with ``text``."""
    return complete_word(catalogue.typed_names())(text) or complete_path(text)


class SourceChoice(NamedTuple):
    """The source that the user chose."""

    chosen: ChosenSource
    remember: bool
    """Whether to save it in the config."""


async def try_out(source: Source) -> str:
    """Connect once. Return the error as text, or an empty string."""
    try:
        return await _first_answer((await run_in_thread(source.open)).feed)
    except SourceError as error:
        return str(error)
    finally:
        # Also if the trial was cancelled while the source was being opened.
        await run_in_thread(source.close)


async def _first_answer(feed: Feed) -> str:
    """Return the error that the feed reports first, or an empty string once it is connected."""
    events = feed.events()
    try:
        async with asyncio.timeout(TRIAL_TIMEOUT):
            async for event in events:
                if isinstance(event, Connected | Degraded | Ended):
                    return ""
                if isinstance(event, Refused) and event.login:
                    return f"Login refused: {event.reason}."
                if isinstance(event, Refused):
                    return f"{KEY_REFUSED} ({event.reason})."
                if isinstance(event, Lost):
                    return f"Could not connect: {event.reason}."
    except TimeoutError:
        return f"No answer within {TRIAL_TIMEOUT:.0f} s."
    finally:
        await events.aclose()
    return "The source ended immediately."


class ConnectScreen(FormDialog[SourceChoice]):
    """Returns the source that the user chose, or None if the user cancels."""

    AUTO_FOCUS = "#source"
    FORM_TITLE = "Connect to a source"
    SUBMIT = SubmitButton("connect", "Connect")

    def __init__(
        self, make: MakeTrial, text: str, *, key_refused: bool = False, is_live: bool = False
    ) -> None:
        """Ask for a source that ``make`` makes; ``text`` is the one to suggest. ``key_refused``:
        it needs another key. ``is_live``: the app is connected to it."""
        super().__init__()
        self._make = make
        self._text = text
        self._key_refused = key_refused
        self._live = text if is_live else ""
        """The source that the app is connected to; empty if it is not."""

    def fields(self) -> Iterator[Widget]:
        """Yield the fields for the source and its key."""
        # First, since anyone can use it: no other source of real data works without a key.
        yield Button(catalogue.FINLAND.summary, id=catalogue.FINLAND.name)
        yield Label(f"Source: {catalogue.expected()}")
        yield TextField(
            self._text,
            placeholder="finland, or wss://host/path?key={private_apikey}",
            max_length=MAX_ADDRESS,
            id="source",
            complete=complete_source,
        )
        yield Label("API key, if required (hidden; sent to this source only)")
        yield TextField(password=True, placeholder="API key", max_length=MAX_API_KEY, id="key")
        yield AsciiCheckbox("Remember both in the config once they work", id="remember")

    def on_mount(self) -> None:
        """Focus the field that needs another text."""
        if self._key_refused:
            self._focus_key()

    def _focus_key(self) -> None:
        self.query_one("#key", TextField).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Enter the offered source, and handle the other buttons as any form."""
        if event.button.id == catalogue.FINLAND.name:
            self.query_one("#source", TextField).value = catalogue.FINLAND.name
            self.query_one("#key", TextField).value = ""
        super().on_button_pressed(event)

    async def submit(self) -> None:
        """Start to try the source."""
        self.attempt()

    @work(exclusive=True)
    async def attempt(self) -> None:
        """Try the source in the fields, and return it if it works."""
        text = self.query_one("#source", TextField).value.strip()
        typed = self.query_one("#key", TextField).value.strip()
        if not text:
            self.say(f"Enter a source: {catalogue.expected()}.")
            return
        if text == self._live and not typed and not self.may_replace(text):
            self._to_replace = text
            again = f"Press {self.SUBMIT.label} again to reconnect, with an empty event log."
            self.say(f"Already connected to {text}. {again}")
            return
        key = Secret(typed) if typed else None
        self.say("Connecting …")
        try:
            trial = self._make(text, key).source
            problem = "" if trial.simulated else await try_out(trial)
            if problem.startswith(KEY_REFUSED) and not typed and trial_sends_no_key(text):
                problem = "This source needs an API key, and its address has no place for one."
                problem += f" Add ?key={KEY_PLACEHOLDER} to the address, and enter the key."
            elif problem.startswith(KEY_REFUSED):
                self._focus_key()
            if not problem:
                remember = self.query_one("#remember", AsciiCheckbox).value
                self.dismiss(SourceChoice(self._make(text, key), remember))
                return
        except MissingKeyError as error:
            problem = f"{error.name} needs an API key. Enter it above."
            self._focus_key()
        except SourceError as error:
            problem = str(error)
        self.say(problem)
