"""Connecting to another source: which key is sent and saved, and which warnings are shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.events import Connected, Degraded, Ended, Event, Lost, Snapshot
from nobil_tui.config.model import Config, StreamSection
from nobil_tui.config.reading import load_config
from nobil_tui.feeds.source import ChosenSource
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.request import SourceOptions
from tests.conftest import START, FakeClock
from tests.tui.app_driver import (
    WIDE,
    HandSource,
    SteppedSource,
    live,
    main_of,
    opened,
    saved,
    setup_of,
    text_of,
    until,
)
from tests.tui.three_stations import REGISTER, country, source_of

A = "wss://a.example.org/x?key={private_apikey}"
B = "ws://b.example.org/x?key={private_apikey}"


class Hands:
    """Makes sources like the program, but with a feed that the test fills."""

    def __init__(self, clock: FakeClock, environ: dict[str, str] | None = None) -> None:
        self.keys: list[str] = []
        """The key that each source would send."""
        self._clock = clock
        self._choose = SourceFactory(
            environ or {}, SourceOptions(add_secret=self.keys.append, clock=clock)
        )

    def __call__(self, text: str, config: Config, key: Secret | None) -> ChosenSource:
        chosen = self._choose(text, config, key)
        source = HandSource(self._clock, REGISTER, name=chosen.source.name)
        source.feed.put(Connected(START), Snapshot(country(), START))
        return replace(chosen, source=source)


async def connect(pilot: Pilot[int], text: str, key: str = "", *, remember: bool = True) -> str:
    """Fill in the dialog, press Enter and wait until it is closed. Return the text that its first
    field had."""
    main = await live(pilot)
    await pilot.press("c")
    dialog = pilot.app.screen
    source = dialog.query_one("#source", Input)
    before = source.value
    source.value, dialog.query_one("#key", Input).value = text, key
    dialog.query_one("#remember", Checkbox).value = remember
    await pilot.press("enter")
    if "Already connected" in screen_text(pilot):
        await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen is main)
    return before


def screen_text(pilot: Pilot[int]) -> str:
    return " ".join("\n".join(text_of(pilot)).split())


def write(path: Path, text: str, mode: int = 0o600) -> None:
    path.write_text(text)
    path.chmod(mode)


def read(path: Path) -> str:
    return path.read_text()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    write(path, f'[stream]\nsource = "{A}" # mine\napi_key = "KEY-OF-A-123"\n')
    return path


async def test_the_saved_key_is_removed_with_its_source(path: Path) -> None:
    clock = FakeClock()
    hands = Hands(clock, {"NOBIL_API_KEY": "of-environment"})
    setup = setup_of(
        clock, source_of(clock), make_source=hands, config=load_config(path), config_path=path
    )
    async with opened(setup, WIDE) as pilot:
        await connect(pilot, "enova")
        await until(
            pilot,
            lambda: "The key for a.example.org was removed from the config" in screen_text(pilot),
        )
    assert set(hands.keys) == {"of-environment"}
    config = load_config(path)
    assert (config.stream.source, config.secrets) == ("enova", ())
    assert "# mine" in read(path)


async def test_the_key_of_the_same_source_is_kept(path: Path) -> None:
    clock = FakeClock()
    hands = Hands(clock)
    setup = setup_of(
        clock, source_of(clock), make_source=hands, config=load_config(path), config_path=path
    )
    async with opened(setup) as pilot:
        await connect(pilot, A.replace("/x?", "/y?"))
        # What is said of a save is said once it is done.
        await until(pilot, lambda: "/y?" in read(path))
        await until(pilot, lambda: not main_of(pilot).workspace.settings._unsaved)
        await pilot.pause()
        assert "was removed" not in screen_text(pilot)
    assert set(hands.keys) == {"KEY-OF-A-123"}
    assert load_config(path).stream.api_key == Secret("KEY-OF-A-123")


@pytest.mark.slow
async def test_a_saved_source_can_be_chosen_again_at_once(path: Path) -> None:
    clock = FakeClock()
    hands = Hands(clock)
    async with opened(
        setup_of(clock, source_of(clock), make_source=hands, config_path=path)
    ) as pilot:
        main = await live(pilot)
        for text, key in (("enova", "KEY-OF-ENOVA"), (B, "KEY-OF-B-123")):
            await connect(pilot, text, key)

            def stored(key: str = key) -> bool:
                return Secret(key) in main.workspace.settings.config.secrets

            await until(pilot, stored)
            hands.keys.clear()
            await connect(pilot, text, remember=False)
            assert set(hands.keys) == {key}


async def test_a_source_saved_by_another_program_is_used(path: Path) -> None:
    clock = FakeClock()
    hands = Hands(clock)
    async with opened(
        setup_of(clock, source_of(clock), make_source=hands, config_path=path)
    ) as pilot:
        main = await live(pilot)
        write(path, f'[stream]\nsource = "{B}"\napi_key = "KEY-OF-B-123"\n')
        await main.live_updates.tick()
        await connect(pilot, B, remember=False)
    assert set(hands.keys) == {"KEY-OF-B-123"}


async def test_a_key_in_an_address_is_not_shown_again(path: Path) -> None:
    clock = FakeClock()
    async with opened(
        setup_of(clock, source_of(clock), make_source=Hands(clock), config_path=path)
    ) as pilot:
        main = await live(pilot)
        await connect(pilot, "wss://far.example/s?key=S3CRETVALUE99")
        await until(
            pilot, lambda: Secret("S3CRETVALUE99") in main.workspace.settings.config.secrets
        )
        address = "wss://far.example/s?key={private_apikey}"
        await saved(pilot, path, lambda config: config.stream.source == address)
        # The saved key is used again.
        assert await connect(pilot, main.workspace.source_text, remember=False) == address
        assert "S3CRET" not in screen_text(pilot)


async def test_an_unencrypted_key_causes_a_warning() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock), make_source=Hands(clock)), WIDE) as pilot:
        await connect(pilot, B, "KEY-OF-B-123", remember=False)
        await until(
            pilot, lambda: "The key goes to b.example.org unencrypted" in screen_text(pilot)
        )


@pytest.mark.skipif(os.name != "posix", reason="no modes here")
async def test_a_key_readable_by_others_causes_a_warning_when_saved(path: Path) -> None:
    clock = FakeClock()
    write(path, "", 0o644)
    async with opened(
        setup_of(clock, source_of(clock), make_source=Hands(clock), config_path=path)
    ) as pilot:
        await connect(pilot, A, "KEY-OF-A-123")
        await until(pilot, lambda: "chmod 600" in screen_text(pilot))
        assert "KEY-OF-A" not in screen_text(pilot)


async def test_a_failed_save_does_not_claim_to_have_removed_a_key(path: Path) -> None:
    clock = FakeClock()
    config = Config(stream=StreamSection(source=A, api_key=Secret("KEY-OF-A-123")))
    setup = setup_of(
        clock, source_of(clock), make_source=Hands(clock), config=config, config_path=path
    )
    write(path, "not a config")
    async with opened(setup) as pilot:
        await connect(pilot, "enova", "KEY-OF-ENOVA")
        await until(pilot, lambda: "The change applies until you quit." in screen_text(pilot))
        assert "was removed" not in screen_text(pilot)


async def test_retry_says_why_there_is_nothing_to_retry() -> None:
    clock = FakeClock()
    source = HandSource(clock)
    async with opened(setup_of(clock, source), WIDE) as pilot:
        session = main_of(pilot).workspace.session

        async def said(phase: LinkPhase, *events: Event) -> list[str]:
            source.feed.put(*events)
            await until(pilot, lambda: session.link.phase is phase)
            retries = source.feed.retries
            pilot.app.clear_notifications()
            await pilot.press("r")
            assert source.feed.retries == retries + 1
            return [toast.message for toast in pilot.app._notifications]

        await until(pilot, lambda: session.monitor is not None)
        assert await said(LinkPhase.CONNECTING) == ["Connecting to example.org already."]
        connected = await said(LinkPhase.LIVE, Connected(START))
        assert connected == ["Nothing to retry: example.org is connected."]
        source.feed.put(Degraded("no snapshot: HTTP 503", START))
        await until(pilot, lambda: bool(session.link.reason))
        assert not await said(LinkPhase.LIVE)
        assert not await said(LinkPhase.RETRYING, Lost("gone", START, START + 60_000))
        ended = await said(LinkPhase.ENDED, Ended(START))
        assert ended == ["Nothing to retry: example.org has ended."]


async def test_a_simulation_has_nothing_to_retry_and_no_recording_to_play() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, SteppedSource(clock))) as pilot:
        await live(pilot)
        for key, words in (
            ("r", "Nothing to retry: a simulation has no connection."),
            ("space", "No recording is playing."),
        ):
            pilot.app.clear_notifications()
            await pilot.press(key)
            assert [toast.message for toast in pilot.app._notifications] == [words]
