"""Frames of version 1 as any server sends them, without what a hub of ours adds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from nobil_tui.charging.station import Station, operator_status


def _connectors(station: Station) -> list[dict[str, int]]:
    return [
        {"status": each.status, "error": each.error, "timestamp": each.timestamp}
        for each in station.connectors
    ]


def _encoded(kind: str, data: Any) -> bytes:
    return json.dumps({"type": kind, "data": data}, separators=(",", ":")).encode()


def plain_snapshot(stations: Iterable[Station]) -> bytes:
    """Return ``snapshot:init``."""
    data = [{"uuid": each.id, "connectors": _connectors(each)} for each in stations]
    return _encoded("snapshot:init", data)


def plain_update(station: Station) -> bytes:
    """Return ``status:update``."""
    status = operator_status(station.connectors)
    data = {"uuid": station.id, "status": status, "connectors": _connectors(station)}
    return _encoded("status:update", data)
