"""Configs with keys, and the sources chosen with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import Config, EnovaSection, StreamSection
from nobil_tui.feeds.source import ChosenSource, Source
from nobil_tui.sources.demo import DemoSource
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.recording import RecordingSource
from nobil_tui.sources.request import SourceOptions, SourceRequest
from nobil_tui.sources.v1 import V1Source

PLACE = "wss://example.org/x?key={private_apikey}"


def config(source: str = "", key: str = "", enova_key: str = "", enova_address: str = "") -> Config:
    return Config(
        stream=StreamSection(source=source, api_key=Secret(key)),
        enova=EnovaSection(api_key=Secret(enova_key), address=enova_address),
    )


def chosen(
    text: str,
    own: Config | None = None,
    environ: Mapping[str, str] | None = None,
    key: str | None = None,
) -> ChosenSource:
    return SourceFactory(environ or {})(text, own or Config(), None if key is None else Secret(key))


def choose(
    text: str,
    own: Config | None = None,
    environ: Mapping[str, str] | None = None,
    key: str | None = None,
) -> Source:
    return chosen(text, own, environ, key).source


async def url_of(source: Source) -> str:
    assert isinstance(source, V1Source)
    return await source._dial()


def request(text: str = "", options: SourceOptions | None = None) -> SourceRequest:
    """Return a request for a source of version 1 frames without a key."""
    return SourceRequest(text, "v1", None, "", Config(), options or SourceOptions())


def recording_source(
    path: Path, *, speed: float | None = None, clock: Clock | None = None
) -> RecordingSource:
    return RecordingSource(request(str(path), SourceOptions(speed=speed, clock=clock)))


def demo_source(stations: int, seed: int = 0, speed: float = 1.0) -> DemoSource:
    return DemoSource(request(options=SourceOptions(stations, seed, speed)))
