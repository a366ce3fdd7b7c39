"""Describe conditions in words, for the panes and for plain-text output."""

from __future__ import annotations

from nobil_tui.charging.board import Board
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.freshness import Staleness, staleness_of
from nobil_tui.charging.station import Connector, Station


def condition_text(connector: Connector | None, absent: str) -> str:
    """Return a connector's condition in words; ``absent`` if there is no connector."""
    if connector is None:
        return absent
    detail = connector.detail
    return f"{connector.condition.label} ({detail})" if detail else connector.condition.label


def condition_reason(board: Board, station: Station, index: int, now: int) -> str:
    """Return a connector's condition in words, and why it is unknown if it is."""
    connector = station.connectors[index]
    if connector.condition is not Condition.UNKNOWN or connector.detail:
        return condition_text(connector, "")
    track = station.track
    if track is not None and track.is_unnamed(index):
        reason = "not reported yet"
    elif staleness_of(board.unconfirmed_for(station, index, now)) is Staleness.EXPIRED:
        reason = "not confirmed for a week"
    else:
        reason = "reported as such"
    return f"{connector.condition.label} ({reason})"
