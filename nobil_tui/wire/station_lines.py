"""The state of stations as JSON Lines and CSV, for scripts and spreadsheets.

A line counts the connectors that a filter selects, all without one. ``certainty`` says how far the
state can be trusted: ``confirmed``, ``slightly stale``, ``stale`` or ``expired``; it is null for a
station without a report. ``credit`` is the attribution to show next to the name, the place, the
plugs and the prices. A price has the fields of ``Price``; in CSV, each is a column.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import msgspec
from msgspec import Struct

from nobil_tui.base.clock import iso
from nobil_tui.charging.board import Board
from nobil_tui.charging.freshness import staleness_of
from nobil_tui.charging.geo import Position, distance_km
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Station, Summary
from nobil_tui.wire.changes import csv_bytes


class ConnectorLine(Struct, frozen=True):
    """One connector of a station."""

    connector: int
    """Its number, from 1."""
    condition: str
    word: str | None
    since: str
    """Since when it is in its condition."""
    since_at_least: bool
    """Whether it may be in it for longer."""
    certainty: str
    unconfirmed_s: int
    """For how many seconds it could have changed unseen."""
    plugs: tuple[str, ...]
    price: Price | None


class StationCounts(Struct, frozen=True):
    """One station: what the ``list`` command prints."""

    time: str
    """When the state was read."""
    station: str
    name: str | None
    place: str | None
    condition: str
    free: int
    total: int
    in_use: int
    faults: int
    unknown: int
    distance_km: float | None
    price: Price | None
    """The cheapest one."""
    certainty: str | None
    unconfirmed_s: int | None
    credit: str | None


class StationLine(StationCounts, frozen=True):
    """One station with its connectors: what the ``status`` command prints."""

    connectors: tuple[ConnectorLine, ...]


_encode = msgspec.json.Encoder().encode
_NOTHING = Summary(0, 0, 0, 0, 0)


def station_counts(
    station_id: str,
    board: Board,
    register: Register,
    now: int,
    *,
    summary: Summary | None = None,
    distance: float | None = None,
) -> StationCounts:
    """Return the state of a station at ``now`` (ms); ``summary`` replaces its own counts."""
    station, facts = board.stations.get(station_id), register.facts(station_id)
    counts = summary or (station.summary if station is not None else _NOTHING)
    age = _unconfirmed_for(station, board, now) if station is not None else None
    return StationCounts(
        iso(now),
        station_id,
        facts.name or None,
        facts.place or None,
        counts.condition.label if station is not None else "unknown",
        counts.free,
        counts.total,
        counts.in_use,
        counts.faults,
        counts.unknown,
        None if distance is None else round(distance, 2),
        facts.price,
        None if age is None else certainty_of(age),
        None if age is None else age // 1000,
        register.credit_of(station_id) or None,
    )


def station_line(
    station_id: str, board: Board, register: Register, now: int, home: Position | None = None
) -> StationLine:
    """Return the state of a station and of each of its connectors at ``now`` (ms), and its distance
    from ``home``."""
    position = register.facts(station_id).position
    distance = None if home is None or position is None else distance_km(home, position)
    counts = station_counts(station_id, board, register, now, distance=distance)
    station = board.stations.get(station_id)
    connectors = () if station is None else _connectors(station, board, register, now)
    return StationLine(**msgspec.structs.asdict(counts), connectors=connectors)


def station_json(line: StationCounts) -> bytes:
    """Encode a station as one line of JSON, with a line feed."""
    return _encode(line) + b"\n"


def stations_csv(lines: Iterable[StationCounts]) -> bytes:
    """Encode stations as CSV with a header."""
    header = chain.from_iterable(
        (f"price_{each}" for each in Price.__struct_fields__) if name == "price" else (name,)
        for name in StationCounts.__struct_fields__
    )
    return csv_bytes(header, map(_csv_row, lines))


def certainty_of(unconfirmed_for: int) -> str:
    """Return how certain a state is that has been unconfirmed for some ms."""
    return staleness_of(unconfirmed_for).name.lower().replace("_", " ")


def _csv_row(line: StationCounts) -> list[object]:
    """Return the cells of a station, one for each field of its price."""
    cells: list[object] = []
    for name in StationCounts.__struct_fields__:
        value = getattr(line, name)
        if name != "price":
            cells.append(value)
        elif value is None:
            cells += [None] * len(Price.__struct_fields__)
        else:
            cells += msgspec.structs.astuple(value)
    return cells


def _unconfirmed_for(station: Station, board: Board, now: int) -> int:
    """Return for how many ms the least confirmed connector could have changed unseen."""
    ages = (board.unconfirmed_for(station, index, now) for index in range(len(station.connectors)))
    return max([0, *ages])


def _connectors(
    station: Station, board: Board, register: Register, now: int
) -> tuple[ConnectorLine, ...]:
    count = len(station.connectors)
    plugs = register.plugs_for(station.id, station.evse_uids, count)
    prices = register.facts(station.id).prices_for(station.evse_uids, count)
    return tuple(
        _connector(station, index, board, now, tuple(plug.text for plug in plugs[index]), price)
        for index, price in enumerate(prices)
    )


def _connector(
    station: Station,
    index: int,
    board: Board,
    now: int,
    plugs: tuple[str, ...],
    price: Price | None,
) -> ConnectorLine:
    connector, since = station.connectors[index], board.since(station, index, now)
    age = max(0, board.unconfirmed_for(station, index, now))
    return ConnectorLine(
        index + 1,
        connector.condition.label,
        connector.word or None,
        iso(since.at),
        since.at_least,
        certainty_of(age),
        age // 1000,
        plugs,
        price,
    )
