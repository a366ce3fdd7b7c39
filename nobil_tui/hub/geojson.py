"""A map layer: the stations as GeoJSON (RFC 7946), with names, plugs and counts."""

from __future__ import annotations

from copy import copy

import msgspec
from msgspec import Struct

from nobil_tui.base.text import did_you_mean, quoted
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import HubState
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Register, country_of
from nobil_tui.charging.station import Station, Summary
from nobil_tui.search.filter_parser import MAX_FILTER_LENGTH, parse_query
from nobil_tui.search.filter_problems import NO_CENTRE, NO_HOME
from nobil_tui.search.list_options import ListOptions
from nobil_tui.search.places import PlaceFinder
from nobil_tui.search.query import Query
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList


class FilterError(Exception):
    """A filter is not understood. The message says why."""


class _Point(Struct, tag="Point"):
    coordinates: tuple[float, float]
    """Longitude, latitude."""


class _Properties(Struct):
    name: str | None
    place: str | None
    street: str | None
    operator: str | None
    country: str | None
    plugs: list[str]
    price: Price | None
    """The cheapest one."""
    condition: str
    free: int
    total: int
    in_use: int
    faults: int
    unknown: int
    unconfirmed_s: int
    credit: str | None


class _Feature(Struct, tag="Feature"):
    id: str
    geometry: _Point | None
    properties: _Properties


class _Collection(Struct, tag="FeatureCollection"):
    credit: str
    """The attribution to show with the data."""
    simulated: bool
    time: int
    """When the state was read, in ms since the epoch."""
    features: list[_Feature]


class MapLayer:
    """Make GeoJSON of the stations that a filter selects; one at a time, in any thread.

    Data derived from the register is cached.
    """

    def __init__(self, about: HubState) -> None:
        self._about = about
        self._list: StationList | None = None

    def encode(self, board: Board, register: Register, query: Query, now: int) -> bytes:
        """Return the stations that ``query`` selects, as of ``now`` (ms)."""
        # The board changes while this runs in a thread.
        frozen = copy(board)
        frozen.stations = dict(board.stations)
        if self._list is None or self._list.register is not register:
            options = ListOptions(sort=Sort.NAME, pin_starred=False)
            self._list = StationList(frozen, register, (), options)
        stations = self._list
        stations.board, stations.filter = frozen, query.text
        stations.mark_changed((), whole=True, now=now)
        stations.refresh(now)
        features = [
            _feature(station, stations.count(station), frozen, register, now)
            for station_id in stations.ids
            if (station := frozen.stations.get(station_id)) is not None
        ]
        # The source may be a hub itself.
        about, hub = self._about, board.hub
        simulated = about.simulated or (hub is not None and hub.simulated)
        credits = [hub.credit if hub is not None else about.credit, *register.credits]
        credit = "; ".join(dict.fromkeys(each for each in credits if each))
        return msgspec.json.encode(_Collection(credit, simulated, now, features))


def filter_of(parameters: list[tuple[str, str]]) -> str:
    """Return the filter among the parameters of a request, empty without one.

    Raises ``FilterError`` for other parameters, which would have no effect.
    """
    for name, _ in parameters:
        if name != "filter":
            hint = did_you_mean(name, ["filter"])
            raise FilterError(f"unknown parameter {quoted(name)}, expected filter.{hint}")
    if len(parameters) > 1:
        raise FilterError("filter is given twice: write both in one, with a space between")
    return parameters[0][1] if parameters else ""


def parse_map_filter(text: str, places: PlaceFinder) -> Query:
    """Parse a filter. Raises ``FilterError``."""
    if len(text) > MAX_FILTER_LENGTH:
        raise FilterError(f"a filter has at most {MAX_FILTER_LENGTH} characters")
    query = parse_query(text, None, places)
    if query.problems:
        message = query.problems[0].message
        # In the app, a key sets one.
        no_home = message in (NO_HOME, NO_CENTRE)
        raise FilterError("a hub has no home, name a place: near:oslo" if no_home else message)
    if query.asks_starred:
        raise FilterError("starred stations are those of one user, a hub has none")
    return query


def _feature(
    station: Station, summary: Summary, board: Board, register: Register, now: int
) -> _Feature:
    facts = register.facts(station.id)
    connectors = station.connectors
    plugs = register.plugs_for(station.id, station.evse_uids, len(connectors))
    unconfirmed = max(
        (board.unconfirmed_for(station, index, now) for index in range(len(connectors))), default=0
    )
    latitude_longitude = facts.position
    point = None
    if latitude_longitude is not None:
        point = _Point((latitude_longitude[1], latitude_longitude[0]))
    return _Feature(
        station.id,
        point,
        _Properties(
            facts.name or None,
            facts.place or None,
            facts.street or None,
            facts.operator or None,
            country_of(station.id, facts) or None,
            list(dict.fromkeys(plug.text for each in plugs for plug in each if plug.text)),
            facts.price,
            summary.condition.label,
            summary.free,
            summary.total,
            summary.in_use,
            summary.faults,
            summary.unknown,
            max(0, unconfirmed) // 1000,
            register.credit_of(station.id) or None,
        ),
    )
