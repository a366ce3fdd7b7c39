"""The catalogue of sources, and that a new row is enough to add a source."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from pathlib import Path

import pytest
from msgspec.structs import fields

from nobil_tui.charging.events import Connected, ConnectorReport, Ended, Event, Feed
from nobil_tui.charging.station import Connector
from nobil_tui.config.model import Config
from nobil_tui.feeds.recording_file import RecordingFile
from nobil_tui.feeds.source import OpenSource, Source
from nobil_tui.headless.record import FrameTap
from nobil_tui.sources import catalogue
from nobil_tui.sources.catalogue import SOURCES, Argument, SourceKind
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.names import kind_of
from nobil_tui.sources.request import SourceOptions, SourceRequest
from nobil_tui.store.recorder import Recorder
from nobil_tui.wire.codecs import CODECS, Codec
from tests.conftest import guarded

AT = 1_774_267_200_000
FRAMES = [b'{"outlet":"A"}', b'{"outlet":"B"}']


def decode(data: bytes, at: int) -> Event:
    """Decode a format that only this test has."""
    return ConnectorReport("XX_1", data[-3:-2].decode(), Connector(0), at)


class MadeUpFeed:
    """Pass two frames to a tap, then end."""

    behind = 0
    alive_at = 0

    def __init__(self, request: SourceRequest) -> None:
        self._tap = request.options.tap
        self._codec = CODECS[request.codec]

    def retry(self) -> None: ...

    async def events(self) -> AsyncGenerator[Event, None]:
        yield Connected(AT)
        for frame in FRAMES:
            if self._tap is not None:
                self._tap(frame, AT)
            yield self._codec.decoder()(frame, AT)
        yield Ended(AT)


class MadeUpSource:
    name = "made-up"
    simulated = False
    state_key = ""

    def __init__(self, request: SourceRequest) -> None:
        self.request = request

    def open(self) -> OpenSource:
        return OpenSource(MadeUpFeed(self.request), codec=self.request.codec)

    def close(self) -> None: ...


def make(request: SourceRequest) -> Source:
    return MadeUpSource(request)


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> SourceKind:
    kind = SourceKind("made-up", "Made up", "a source of this test", make, codec="made-up-1")
    monkeypatch.setitem(SOURCES, kind.name, kind)
    monkeypatch.setitem(CODECS, "made-up-1", Codec("made-up-1", lambda: decode))
    return kind


async def events_of(feed: Feed) -> list[Event]:
    events: list[Event] = []
    async with aclosing(feed.events()) as coming:
        async for event in coming:
            events.append(event)
            if isinstance(event, Ended):
                break
    return events


def test_a_new_source_is_found_by_name_and_offered(made_up: SourceKind) -> None:
    assert kind_of("Made-Up") is made_up
    assert ", made-up, a ws://" in catalogue.expected()
    assert isinstance(SourceFactory({})("made-up", Config()).source, MadeUpSource)


@pytest.mark.usefixtures("made_up")
async def test_a_new_source_is_recorded_and_played_with_its_codec(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    tap = FrameTap()
    options = SourceOptions(speed=math.inf, tap=tap)
    opened = SourceFactory({}, options)("made-up", Config()).source.open()
    recorder = tap.recorder = Recorder(path, opened.codec, source="made-up")
    live = await guarded(events_of(opened.feed))
    await asyncio.to_thread(recorder.close)
    with closing(RecordingFile.open(path)) as file:
        assert file.header.codec == "made-up-1"
    source = SourceFactory({}, options)(str(path), Config()).source
    played = await guarded(events_of(source.open().feed))
    source.close()
    reports = [event for event in live if isinstance(event, ConnectorReport)]
    assert [report.evse_uid for report in reports] == ["A", "B"]
    assert [event for event in played if isinstance(event, ConnectorReport)] == reports


def test_every_row_refers_to_existing_things() -> None:
    sections = {field.name for field in fields(Config)}
    for name, kind in SOURCES.items():
        assert kind.name == name
        assert kind.codec == "" or kind.codec in CODECS
        assert kind.key is None or kind.key.section in sections


def test_each_argument_has_one_kind() -> None:
    for argument in Argument:
        assert [kind for kind in SOURCES.values() if kind.argument is argument] == [
            catalogue.kind_with(argument)
        ]


def test_expected_names_every_source() -> None:
    assert catalogue.expected() == (
        "finland, demo, v1, enova, a ws:// or wss:// address, nats://..., or a recording file"
    )
    assert catalogue.kinds_with_option("seed") == "the simulation"
    assert catalogue.kinds_with_option("speed") == "the simulation or a recording"
