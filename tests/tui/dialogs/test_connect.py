"""The dialog to connect: a source that works is returned, and an error is shown for any other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Checkbox, Input, Static

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.events import Connected, Connecting, Degraded, Ended, Event, Lost, Refused
from nobil_tui.feeds.source import ChosenSource, MissingKeyError, OpenSource, SourceError
from nobil_tui.tui.dialogs import connect as module
from nobil_tui.tui.dialogs.connect import ConnectScreen, SourceChoice, try_out
from tests.conftest import GUARD, START, FakeClock, guarded
from tests.for_each import for_each
from tests.tui.app_driver import HandSource, opened, setup_of, until
from tests.tui.widget_host import Stage

KEY = "s3cr3t-key"


# What is tried


def source_of(*events: Event) -> HandSource:
    source = HandSource(FakeClock())
    source.feed.put(*events)
    return source


@for_each(
    ("events", "words"),
    [
        ([Connecting(), Connected(START)], ""),
        ([Ended(START)], ""),
        ([Connecting(), Degraded("polling, up to 2 min old", START, polled=True)], ""),
        ([Refused("HTTP 401", START)], "Key refused (HTTP 401)."),
        ([Refused("nats says no", START, login=True)], "Login refused: nats says no."),
        ([Lost("no such host", START, START + 1000)], "Could not connect: no such host."),
    ],
)
async def test_the_first_conclusive_event_decides(events: list[Event], words: str) -> None:
    # Later events do not count.
    source = source_of(*events, Refused("never read", START))
    assert await guarded(try_out(source)) == words
    assert (source.opened, source.closed) == (1, 1)


async def test_a_source_that_ends_immediately() -> None:
    source = source_of()
    source.feed.end()
    assert await guarded(try_out(source)) == "The source ended immediately."
    assert source.closed == 1


async def test_a_source_that_cannot_be_opened() -> None:
    source = HandSource(FakeClock(), problems=["There is no such file."])
    assert await guarded(try_out(source)) == "There is no such file."


async def test_a_silent_source_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRIAL_TIMEOUT", 0)
    source = source_of(Connecting())
    assert await guarded(try_out(source)) == "No answer within 0 s."
    assert source.closed == 1


# The screen


class Choosing:
    """Makes sources, and records the arguments."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot
        self.source = HandSource(FakeClock())
        self.asked: list[tuple[str, str | None]] = []
        self.given: list[SourceChoice | None] = []

    def choose(self, text: str, key: Secret | None) -> ChosenSource:
        self.asked.append((text, key.reveal() if key is not None else None))
        if text == "nonsense":
            raise SourceError("This is no source.")
        if text == "keyless" and key is None:
            raise MissingKeyError("This network", "Set a variable.")
        return ChosenSource(self.source, text)

    def field(self, id_: str) -> Input:
        return self.pilot.app.screen.query_one(f"#{id_}", Input)

    @property
    def answer(self) -> str:
        return str(self.pilot.app.screen.query_one("#answer", Static).content)

    async def until(self, words: str) -> None:
        await until(self.pilot, lambda: self.answer == words)  # type: ignore[arg-type]

    @property
    def painted(self) -> str:
        return "\n".join(strip.text for strip in self.pilot.app.screen._compositor.render_strips())


@asynccontextmanager
async def choosing(text: str = "", size: tuple[int, int] = (100, 30)) -> AsyncIterator[Choosing]:
    app = Stage()
    async with app.run_test(size=size) as pilot:
        it = Choosing(pilot)
        app.push_screen(ConnectScreen(it.choose, text), it.given.append)
        await pilot.pause()
        yield it


async def test_a_working_source_is_returned() -> None:
    async with choosing("enova") as it:
        assert it.field("source").value == "enova"
        it.field("key").value = f" {KEY} "
        it.source.feed.put(Connected(START))
        await it.pilot.press("enter")
        await until(it.pilot, lambda: it.given)  # type: ignore[arg-type]
        assert it.given == [SourceChoice(ChosenSource(it.source, "enova"), remember=False)]
        # One is made for the trial, and another one for use.
        assert it.asked == [("enova", KEY)] * 2


async def test_the_checkbox_asks_to_save_the_source() -> None:
    async with choosing() as it:
        it.field("source").value = "enova"
        it.pilot.app.screen.query_one("#remember", Checkbox).value = True
        it.source.feed.put(Connected(START))
        await it.pilot.click("#connect")
        await until(it.pilot, lambda: it.given)  # type: ignore[arg-type]
        assert it.given == [SourceChoice(ChosenSource(it.source, "enova"), remember=True)]
        assert it.asked == [("enova", None)] * 2


async def test_a_simulated_source_is_not_tried() -> None:
    async with choosing("demo") as it:
        it.source.simulated = True
        await it.pilot.press("enter")
        await until(it.pilot, lambda: it.given)  # type: ignore[arg-type]
        assert it.source.opened == 0


async def test_an_error_is_shown_and_can_be_corrected() -> None:
    async with choosing("nonsense") as it:
        await it.pilot.press("enter")
        await it.until("This is no source.")
        it.field("source").value = "wss://host/path?key={private_apikey}"
        it.source.feed.put(Refused("HTTP 401", START))
        await it.pilot.press("enter")
        await it.until("Key refused (HTTP 401).")
        it.source.feed.put(Lost("no such host", START, START))
        await it.pilot.press("enter")
        await it.until("Could not connect: no such host.")
        assert it.given == []
        it.source.feed.put(Connected(START))
        await it.pilot.press("enter")
        await until(it.pilot, lambda: it.given)  # type: ignore[arg-type]


async def test_an_empty_source_is_asked_for_again() -> None:
    async with choosing() as it:
        await it.pilot.press("enter")
        assert it.answer.startswith("Enter a source: finland, demo, ")
        assert it.asked == []
        assert it.given == []


async def test_the_source_that_is_live_is_connected_again_after_confirmation() -> None:
    async with choosing() as it:
        await it.pilot.press("escape")
        it.pilot.app.push_screen(ConnectScreen(it.choose, "finland", is_live=True))
        await it.pilot.pause()
        await it.pilot.press("enter")
        assert it.answer.startswith("Already connected to finland. Press Connect again to ")
        assert it.asked == []
        await it.pilot.press("enter")
        await until(it.pilot, lambda: it.asked)  # type: ignore[arg-type]


async def test_a_missing_key_is_no_refused_key() -> None:
    async with choosing("wss://host/path") as it:
        it.source.feed.put(Refused("HTTP 401", START))
        await it.pilot.press("enter")
        words = "This source needs an API key, and its address has no place for one. "
        await it.until(words + "Add ?key={private_apikey} to the address, and enter the key.")
        it.field("source").value = "keyless"
        it.field("source").focus()
        await it.pilot.press("enter")
        await it.until("This network needs an API key. Enter it above.")
        assert it.field("key").has_focus
        # A key that is refused is entered again there.
        it.source.feed.put(Refused("HTTP 401", START))
        await it.pilot.press("x", "tab", "enter")
        await it.until("Key refused (HTTP 401).")
        assert it.field("key").has_focus
        await it.pilot.press("escape")
        it.pilot.app.push_screen(ConnectScreen(it.choose, "enova", key_refused=True))
        await it.pilot.pause()
        assert it.field("key").has_focus


async def test_a_second_trial_cancels_the_first() -> None:
    async with choosing("one") as it:
        first = it.source
        await it.pilot.press("enter")
        await until(it.pilot, lambda: first.opened == 1)  # type: ignore[arg-type]
        assert "Connecting" in it.answer
        it.source = source_of()
        await it.pilot.press("enter")
        await until(it.pilot, lambda: first.closed == 1)  # type: ignore[arg-type]
        assert it.given == []
        it.source.feed.put(Connected(START))
        await until(it.pilot, lambda: it.given)  # type: ignore[arg-type]
        assert it.given == [SourceChoice(ChosenSource(it.source, "one"), remember=False)]


@pytest.mark.parametrize("way", ["escape", "cancel"])
async def test_closing_the_dialog_cancels_the_trial(way: str) -> None:
    async with choosing("one") as it:
        await it.pilot.press("enter")
        await until(it.pilot, lambda: it.source.opened == 1)  # type: ignore[arg-type]
        if way == "escape":
            await it.pilot.press("escape")
        else:
            await it.pilot.click("#cancel")
        await until(it.pilot, lambda: it.source.closed == 1)  # type: ignore[arg-type]
        assert it.given == [None]


class Slow(HandSource):
    """A source that opens slowly."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.begun = threading.Event()
        self.go = threading.Event()

    def open(self) -> OpenSource:
        self.begun.set()
        assert self.go.wait(GUARD)
        return super().open()


async def test_a_source_that_opens_after_the_dialog_closed_is_closed() -> None:
    source = Slow()
    trial = asyncio.create_task(try_out(source))
    await guarded(asyncio.to_thread(source.begun.wait, GUARD))
    trial.cancel()
    source.go.set()
    await guarded(asyncio.wait([trial]))
    assert trial.cancelled()
    assert source.closed == 1


async def test_the_key_is_never_on_screen() -> None:
    async with choosing() as it:
        await it.pilot.press("tab", *KEY)
        assert it.field("key").value == KEY
        assert KEY not in it.painted
        assert "•" * len(KEY) in it.painted


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_every_field_is_visible_and_clickable(size: tuple[int, int]) -> None:
    async with choosing(size=size) as it:
        for id_ in ("source", "key"):
            await it.pilot.click(f"#{id_}")
            assert it.pilot.app.focused is it.field(id_)
        await it.pilot.click("#remember")
        assert it.pilot.app.screen.query_one("#remember", Checkbox).value
        await it.pilot.click("#source")
        await it.pilot.press(*"nonsense")
        await it.pilot.click("#connect")
        await it.until("This is no source.")
        assert "This is no source." in it.painted


async def test_finland_is_offered_without_a_key(clock: FakeClock) -> None:
    asked: list[tuple[str, Secret | None]] = []

    def make(text: str, key: Secret | None) -> ChosenSource:
        asked.append((text, key))
        raise SourceError("Not in this test.")

    async with opened(setup_of(clock, HandSource(clock))) as pilot:
        screen = ConnectScreen(make, "enova")
        await pilot.app.push_screen(screen)
        await pilot.pause()
        assert screen.focused is screen.query_one("#source")
        button = screen.query_one("#finland", Button)
        assert str(button.label) == "Finland, live, no key needed"
        button.press()
        await until(pilot, lambda: asked == [("finland", None)])
