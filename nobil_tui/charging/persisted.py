"""The board as plain data that outlasts a session: what is written of a station, and a station made of it again."""

from __future__ import annotations

from collections.abc import Sequence
from sys import intern
from typing import Annotated

from msgspec import Meta, Struct, field

from nobil_tui.charging.station import MAX_CONNECTORS, Connector, Milliseconds, Small, Station, WordConnector
from nobil_tui.charging.tracking import Track


class StoredConnector(Struct, frozen=True, array_like=True, gc=False):
    """One connector as it is kept. Its place in the list is its number. Times in ms."""

    key: Annotated[str, Meta(max_length=128)]
    status: Small
    error: Small
    word: Annotated[str, Meta(max_length=64)]
    since: Milliseconds
    at_least: bool
    """``since`` is only the least it can be."""
    heard: Annotated[int, Meta(ge=0, le=2**53)]
    """Zero where no report ever named it."""
    confirmed: Annotated[int, Meta(ge=0, le=2**53)]
    """Where the clock of the breaks stood when it was last confirmed."""


class StoredStation(Struct, frozen=True, array_like=True, gc=False):
    """One station as it is kept."""

    status: Small | None
    """The operator's summary, where it was sent."""
    connectors: Annotated[list[StoredConnector], Meta(max_length=MAX_CONNECTORS)]


class Stored(Struct):
    """What a board goes on from: the stations of an earlier session, and where its clock of the breaks stood."""

    stations: dict[str, Station] = field(default_factory=dict)
    breaks: int = 0
    """All time not listened when the link was last alive, in ms."""
    alive_at: int = 0
    """When the link was last alive, in ms; zero where nothing was kept."""


def station_of(name: str, stored: StoredStation, breaks: int) -> Station:
    """Make the station again. What claims to be confirmed later than ``breaks`` (ms) is confirmed then."""
    kept = stored.connectors
    station = Station(name, [_connector_of(each) for each in kept], stored.status)
    track = Track()
    if kept:
        track.confirmed, track.confirmed_each = _common([min(breaks, each.confirmed) for each in kept])
        track.heard, track.heard_each = _common([each.heard for each in kept])
    for index, each in enumerate(kept):
        if each.at_least:
            track.at_least |= 1 << index
    # Where the index is the key, none is held.
    if any(each.key != str(index) for index, each in enumerate(kept)):
        track.keys = tuple(each.key for each in kept)
        # A report that names a connector is heard: without one it is only known to be there.
        for index, each in enumerate(kept):
            if not each.heard and (each.status, each.error, each.word) == (-1, 0, ""):
                track.unnamed |= 1 << index
    station.track = track
    return station


def _connector_of(kept: StoredConnector) -> Connector:
    if not kept.word:
        return Connector(kept.status, kept.error, kept.since)
    # Interned: a country of connectors shares a handful of words.
    return WordConnector(kept.status, kept.error, kept.since, said=intern(kept.word))


def _common(values: Sequence[int]) -> tuple[int, dict[int, int] | None]:
    """Split into what holds for all, and for each that has more."""
    least = min(values)
    return least, {index: value for index, value in enumerate(values) if value > least} or None
