"""The load: a country of stations that changes at any rate, encoded as version 1 frames."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable, Sequence

from nobil_tui.charging.station import Connector, Station
from tests.wire.v1_frames import plain_snapshot, plain_update

CONNECTORS = 5
"""Connectors of each station."""
_ERRORS = 0.02
"""Fraction of the changes that report an error."""
_TEXT_FRAME, _SHORT, _MIDDLE = 0x81, 125, 0xFFFF


class Country:
    """Stations and their state. Every change differs from the state before."""

    def __init__(self, stations: int, seed: int, now: int) -> None:
        self._rng = random.Random(seed)  # no secret
        self.stations = [
            Station(f"NOR_{n:05}", self._connectors(now)) for n in range(1, stations + 1)
        ]
        self._snapshot: bytes | None = None

    def snapshot(self) -> bytes:
        """Return the snapshot's frame; cached while nothing changes."""
        if self._snapshot is None:
            self._snapshot = plain_snapshot(self.stations)
        return self._snapshot

    def change(self, now: int) -> bytes:
        """Change one connector and return the frame of its update."""
        self._snapshot = None
        station = self._rng.choice(self.stations)
        index = self._rng.randrange(CONNECTORS)
        held = station.connectors[index]
        error = int(self._rng.random() < _ERRORS)
        station.connectors[index] = Connector(
            1 - held.status if error == held.error else held.status, error, now
        )
        return plain_update(station)

    def _connectors(self, now: int) -> list[Connector]:
        draw = self._rng.random
        return [
            Connector(int(draw() < 0.3), 0, now - int(draw() * 86_400_000))
            for _ in range(CONNECTORS)
        ]


def free(stations: Iterable[Station]) -> int:
    """Return the number of free connectors."""
    return sum(station.summary.free for station in stations)


def checksum(stations: Iterable[Station]) -> int:
    """Return a checksum of the state of all connectors."""
    every = sorted(
        (station.id, [(said.status, said.error) for said in station.connectors])
        for station in stations
    )
    return zlib.crc32(repr(every).encode())


def framed(messages: Sequence[bytes]) -> bytes:
    """Encode text messages as WebSocket frames of a server."""
    parts = []
    for message in messages:
        size = len(message)
        if size <= _SHORT:
            head = bytes((_TEXT_FRAME, size))
        elif size <= _MIDDLE:
            head = bytes((_TEXT_FRAME, 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((_TEXT_FRAME, 127)) + size.to_bytes(8, "big")
        parts += [head, message]
    return b"".join(parts)
