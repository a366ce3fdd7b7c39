"""Encode version 1 of the stream API: what the hub sends.

A connector is sent with version 1's numbers for its condition, whatever stream it came from: one
that is not in service keeps its index as unknown, and an undocumented status is unknown too. Only
the format's own keys are sent.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from nobil_tui.charging.station import Connector, Station, operator_status


class _Bare(Struct, gc=False):
    uuid: str
    connectors: list[Connector]


class _Full(Struct, gc=False):
    uuid: str
    status: int
    connectors: list[Connector]


class _Report(Struct, gc=False):
    uuid: str
    connector: int
    status: int
    error: int
    timestamp: int


class _Snapshot(Struct, tag="snapshot:init", tag_field="type"):
    data: list[_Bare]


class _Update(Struct, tag="status:update", tag_field="type"):
    data: _Full


class _Raw(Struct, tag="status:raw", tag_field="type"):
    data: _Report
    code: int = 0


_encode = msgspec.json.Encoder().encode


def snapshot_frame(stations: Iterable[Station]) -> bytes:
    """Encode ``snapshot:init``: the state of all stations, without the operator's status."""
    return _encode(
        _Snapshot([_Bare(station.id, _all_sent(station.connectors)) for station in stations])
    )


def update_frame(station: Station) -> bytes:
    """Encode ``status:update``: one station, all its connectors and the operator's status."""
    connectors = _all_sent(station.connectors)
    return _encode(_Update(_Full(station.id, operator_status(connectors), connectors)))


def raw_frame(station_id: str, index: int, connector: Connector) -> bytes:
    """Encode ``status:raw``: a charger's own report of the connector at ``index``.

    The envelope's ``code`` is always 0: its values are undocumented.
    """
    sent = as_sent(connector)
    return _encode(_Raw(_Report(station_id, index, sent.status, sent.error, sent.timestamp)))


def as_sent(connector: Connector) -> Connector:
    """Return a connector with version 1's numbers; the same object if it has them already."""
    if (
        type(connector) is Connector
        and -1 <= connector.status <= 1
        and 0 <= connector.error <= 1
        and (connector.timestamp > 0 or connector.timestamp == -1)
    ):
        return connector
    condition = connector.condition
    status, error = condition.version_1
    if connector.error:
        status = connector.status
    timestamp = connector.timestamp if connector.timestamp > 0 else -1
    return Connector(status, error, timestamp)


def _all_sent(connectors: list[Connector]) -> list[Connector]:
    return [as_sent(connector) for connector in connectors]
