"""Lines of a station's history for the connectors pane, imported once there is a history."""

from __future__ import annotations

from datetime import tzinfo

from rich.segment import Segment

from nobil_tui.history.hours import LocalHours
from nobil_tui.history.statistics import StationHistory, strip
from nobil_tui.history.summary import usual_text
from nobil_tui.tui.text.history import strip_runs
from nobil_tui.tui.widgets.virtual_list import VirtualList

_DAY = 24 * 3_600_000
_STRIP_CELLS = (96, 48, 24)
"""Possible numbers of cells for the strip of a day: each cell covers the same part of an hour,
or a whole hour."""


def usual_now(history: StationHistory, now: int, zone: tzinfo | None) -> str:
    """Return how often the station is free at this hour; empty if too little was observed."""
    return usual_text(history.profile[LocalHours(zone).at(now // 1000).hour])


def strip_of_day(
    history: StationHistory, uid: str, now: int, room: int, pane: VirtualList
) -> list[Segment]:
    """Return a connector's conditions in the last 24 hours, blank where nothing was observed.

    ``room``: the most cells. Empty if no change of the connector is stored.
    """
    cells = next((cells for cells in _STRIP_CELLS if cells <= room), room)
    rows = next((connector.rows for connector in history.connectors if connector.uid == uid), None)
    if not rows or cells <= 0:
        return []
    conditions = strip(rows, history.listening, now - _DAY, now, cells)
    return [
        Segment(text, pane.style_of("") if condition is None else pane.condition_style(condition))
        for text, condition in strip_runs(conditions, pane.glyphs)
    ]
