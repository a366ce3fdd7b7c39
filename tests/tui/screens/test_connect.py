"""Connecting to another source: which key goes with it, what is kept, and what the user is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.events import Connected, Snapshot
from nobil_tui.config.model import Config, StreamSection
from nobil_tui.config.reading import load_config
from nobil_tui.feeds.source import ChosenSource
from nobil_tui.sources.factory import SourceFactory
from tests.conftest import START, FakeClock
from tests.tui.app_driver import HandSource, live, opened, setup_of, text_of, until
from tests.tui.screens.test_main import REGISTER, country, source_of

A = "wss://a.example.org/x?key={private_apikey}"
B = "ws://b.example.org/x?key={private_apikey}"


class Hands:
    """Chooses as the program does, and hands out a source that a test holds."""

    def __init__(self, clock: FakeClock, environ: dict[str, str] | None = None) -> None:
        self.keys: list[str] = []
        """What each source that was made would send."""
        self._clock = clock
        self._choose = SourceFactory(environ or {}, add_secret=self.keys.append, clock=clock)

    def __call__(self, text: str, config: Config, key: Secret | None) -> ChosenSource:
        chosen = self._choose(text, config, key)
        source = HandSource(self._clock, REGISTER, name=chosen.source.name)
        source.feed.put(Connected(START), Snapshot(country(), START))
        return chosen._replace(source=source)


async def connect(pilot: Pilot[int], text: str, key: str = "", *, remember: bool = True) -> str:
    """Fill in the dialog and press Enter; returns what stood in its first field, and waits until it is gone."""
    main = await live(pilot)
    await pilot.press("c")
    dialog = pilot.app.screen
    source = dialog.query_one("#source", Input)
    before = source.value
    source.value, dialog.query_one("#key", Input).value = text, key
    dialog.query_one("#remember", Checkbox).value = remember
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


async def test_the_key_that_stood_there_does_not_stay_beside_another_source(path: Path) -> None:
    clock = FakeClock()
    hands = Hands(clock, {"NOBIL_API_KEY": "of-environment"})
    setup = setup_of(clock, source_of(clock), make_source=hands, config=load_config(path), config_path=path)
    async with opened(setup) as pilot:
        await connect(pilot, "enova")
        await until(pilot, lambda: "The key for a.example.org was taken out of the config" in screen_text(pilot))
    assert set(hands.keys) == {"of-environment"}
    config = load_config(path)
    assert (config.stream.source, config.secrets) == ("enova", ())
    assert "# mine" in read(path)


async def test_the_key_of_the_same_source_stays(path: Path) -> None:
    clock = FakeClock()
    hands = Hands(clock)
    setup = setup_of(clock, source_of(clock), make_source=hands, config=load_config(path), config_path=path)
    async with opened(setup) as pilot:
        await connect(pilot, A.replace("/x?", "/y?"))
        await until(pilot, lambda: "/y?" in read(path))
        await pilot.pause()
        assert "taken out" not in screen_text(pilot)
    assert set(hands.keys) == {"KEY-OF-A-123"}
    assert load_config(path).stream.api_key == Secret("KEY-OF-A-123")


@pytest.mark.slow
async def test_what_was_remembered_can_be_chosen_again_at_once(path: Path) -> None:
    clock = FakeClock()
    hands = Hands(clock)
    async with opened(setup_of(clock, source_of(clock), make_source=hands, config_path=path)) as pilot:
        main = await live(pilot)
        for text, key in (("enova", "KEY-OF-ENOVA"), (B, "KEY-OF-B-123")):
            await connect(pilot, text, key)

            def stored(key: str = key) -> bool:
                return Secret(key) in main.workspace.settings.config.secrets

            await until(pilot, stored)
            hands.keys.clear()
            await connect(pilot, text, remember=False)
            assert set(hands.keys) == {key}


async def test_what_another_program_saved_counts(path: Path) -> None:
    clock = FakeClock()
    hands = Hands(clock)
    async with opened(setup_of(clock, source_of(clock), make_source=hands, config_path=path)) as pilot:
        main = await live(pilot)
        write(path, f'[stream]\nsource = "{B}"\napi_key = "KEY-OF-B-123"\n')
        await main.live_updates.tick()
        await connect(pilot, B, remember=False)
    assert set(hands.keys) == {"KEY-OF-B-123"}


async def test_a_key_that_is_written_into_an_address_is_not_shown_again(path: Path) -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock), make_source=Hands(clock), config_path=path)) as pilot:
        main = await live(pilot)
        await connect(pilot, "wss://far.example/s?key=S3CRETVALUE99")
        await until(pilot, lambda: Secret("S3CRETVALUE99") in main.workspace.settings.config.secrets)
        assert load_config(path).stream.source == "wss://far.example/s?key={private_apikey}"
        # With the key that was remembered, it is chosen again as it stands.
        assert (
            await connect(pilot, main.workspace.source_text, remember=False)
            == "wss://far.example/s?key={private_apikey}"
        )
        assert "S3CRET" not in screen_text(pilot)


async def test_a_key_that_goes_in_clear_is_warned_of() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock), make_source=Hands(clock))) as pilot:
        await connect(pilot, B, "KEY-OF-B-123", remember=False)
        await until(pilot, lambda: "The key goes to b.example.org unencrypted" in screen_text(pilot))


@pytest.mark.skipif(os.name != "posix", reason="no modes here")
async def test_a_key_that_others_can_read_is_warned_of_when_it_is_saved(path: Path) -> None:
    clock = FakeClock()
    write(path, "", 0o644)
    async with opened(setup_of(clock, source_of(clock), make_source=Hands(clock), config_path=path)) as pilot:
        await connect(pilot, A, "KEY-OF-A-123")
        await until(pilot, lambda: "chmod 600" in screen_text(pilot))
        assert "KEY-OF-A" not in screen_text(pilot)


async def test_where_it_cannot_be_saved_nothing_is_said_to_be_taken_out(path: Path) -> None:
    clock = FakeClock()
    config = Config(stream=StreamSection(source=A, api_key=Secret("KEY-OF-A-123")))
    setup = setup_of(clock, source_of(clock), make_source=Hands(clock), config=config, config_path=path)
    write(path, "not a config")
    async with opened(setup) as pilot:
        await connect(pilot, "enova", "KEY-OF-ENOVA")
        await until(pilot, lambda: "The change applies until you quit." in screen_text(pilot))
        assert "taken out" not in screen_text(pilot)
