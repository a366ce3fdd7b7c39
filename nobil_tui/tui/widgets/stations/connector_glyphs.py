"""Show the connectors of a station as glyphs: one for each, or a number for each condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from nobil_tui.charging.conditions import IN_USE, Condition
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.station import Station
from nobil_tui.search.station_list import StationList

Run = tuple[Condition, bool, str]
"""A condition, whether it is stale, and the text that shows it."""


def connector_runs(
    station_list: StationList,
    station: Station,
    total: int,
    glyphs: Mapping[Condition, str],
    width: int,
    now: int,
) -> Iterator[Run]:
    """Yield runs of equal glyphs for the connectors that the filter selects, ``total`` of them.

    If they need more than ``width`` cells, yield a number for each condition.
    """
    board = station_list.board
    indexes = station_list.selected_connectors(station)
    if indexes is None:
        each = [(Condition.UNKNOWN, False)] * total
    elif board.downtime.total(now) <= SLIGHT:
        # Nothing can be stale, so the connectors need not be checked.
        each = [(station.connectors[index].condition, False) for index in indexes]
    else:
        each = [
            (
                station.connectors[index].condition,
                board.unconfirmed_for(station, index, now) > SLIGHT,
            )
            for index in indexes
        ]
    if len(each) > width:
        yield from _numbers(each, glyphs, width)
        return
    for (condition, stale), alike in groupby(each):
        yield condition, stale, glyphs[condition] * len(list(alike))


def _numbers(
    each: list[tuple[Condition, bool]], glyphs: Mapping[Condition, str], width: int
) -> Iterator[Run]:
    """Yield the number of each condition, as many as fit; stale if any connector in it is."""
    counts = [0] * len(Condition)
    stale = [False] * len(Condition)
    for condition, is_stale in each:
        counts[condition] += 1
        stale[condition] |= is_stale
    texts = [
        f"{glyphs[condition]}{counts[condition]}" for condition in Condition if counts[condition]
    ]
    if sum(map(len, texts)) > width:
        for condition in IN_USE:
            if condition is not Condition.OCCUPIED:
                counts[Condition.OCCUPIED] += counts[condition]
                stale[Condition.OCCUPIED] |= stale[condition]
                counts[condition] = 0
    for condition in Condition:
        text = f"{glyphs[condition]}{counts[condition]}"
        if counts[condition] and len(text) <= width:
            width -= len(text)
            yield condition, stale[condition], text
