"""How old what is known may be, in words: for where nothing can be dimmed."""

from __future__ import annotations

from collections.abc import Iterable

from nobil_tui.charging.board import Board
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.station import Station
from nobil_tui.tui.text.times import age_text


def connector_staleness(board: Board, station: Station, index: int, now: int) -> str:
    """``not confirmed for 5 h``; empty where a connector's condition is as good as sure at ``now`` (ms)."""
    return _words([board.unconfirmed_for(station, index, now)])


def station_staleness(board: Board, station: Station, now: int) -> str:
    """The same of all that counts at a station, by its oldest: ``not confirmed for 5 h``, ``2 of 4 not ...``."""
    return _words(
        board.unconfirmed_for(station, index, now)
        for index, connector in enumerate(station.connectors)
        if connector.condition.counted
    )


def _words(unconfirmed_for: Iterable[int]) -> str:
    each = list(unconfirmed_for)
    old = [passed for passed in each if passed > SLIGHT]
    if not old:
        return ""
    some = f"{len(old)} of {len(each)} " if len(old) < len(each) else ""
    return f"{some}not confirmed for {age_text(max(old))}"
