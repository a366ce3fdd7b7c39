"""Staleness as text (``not confirmed for 5 h``), where nothing can be dimmed."""

from __future__ import annotations

from collections.abc import Iterable

from nobil_tui.charging.board import Board
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.station import Station
from nobil_tui.tui.text.times import age_text


def connector_staleness(board: Board, station: Station, index: int, now: int) -> str:
    """Return ``not confirmed for 5 h``; empty if the condition is fresh at ``now`` (ms)."""
    return _staleness([board.unconfirmed_for(station, index, now)])


def station_staleness(board: Board, station: Station, now: int) -> str:
    """Return the staleness of a station's counted connectors, by the oldest.

    If only some are stale: ``2 of 4 not confirmed for 5 h``.
    """
    return _staleness(
        board.unconfirmed_for(station, index, now)
        for index, connector in enumerate(station.connectors)
        if connector.condition.counted
    )


def _staleness(unconfirmed_for: Iterable[int]) -> str:
    each = list(unconfirmed_for)
    stale = [milliseconds for milliseconds in each if milliseconds > SLIGHT]
    if not stale:
        return ""
    some = f"{len(stale)} of {len(each)} " if len(stale) < len(each) else ""
    return f"{some}not confirmed for {age_text(max(stale))}"
