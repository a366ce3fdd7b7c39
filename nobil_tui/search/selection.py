"""Select the connectors of a station that match a filter."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from nobil_tui.charging.board import Board
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.register import Facts
from nobil_tui.charging.station import Station, Summary, summarize
from nobil_tui.search.plug_terms import PlugMatch


class UnknownConnectors(Struct, frozen=True):
    """The number of matching connectors of a station, while it is unknown which ones match."""

    count: int


Selection = Sequence[int] | UnknownConnectors
"""The indexes of the selected connectors."""


def select_connectors(station: Station, facts: Facts, match: PlugMatch) -> Selection:
    """Return the connectors whose plugs match, as ``PlugFilter.match`` found.

    If the register and the stream cannot be joined, it is unknown which connector has which plug.
    Joins as ``Facts.plugs_for`` does, without building the plugs that do not match.
    """
    connectors = len(station.connectors)
    if match is True:
        return range(connectors)
    if match is False:
        return ()
    evse_uids = station.evse_uids
    if not evse_uids:
        if connectors == len(match):
            return [index for index, fits in enumerate(match) if fits]
    else:
        uids = facts.plug_evse_uids
        wanted = {uid for uid, fits in zip(uids, match, strict=False) if fits and uid}
        found = [index for index, uid in enumerate(evse_uids[:connectors]) if uid in wanted]
        if found or not set(evse_uids).isdisjoint(uids):
            return found
    return UnknownConnectors(min(sum(match), connectors))


def count_connectors(station: Station, selected: Selection) -> Summary:
    """Count the selected connectors by condition."""
    if isinstance(selected, UnknownConnectors):
        return Summary(0, selected.count, 0, 0, selected.count)
    if len(selected) == len(station.connectors):
        return station.summary
    return summarize([station.connectors[index] for index in selected])


def any_stale(station: Station, selected: Selection, board: Board, now: int) -> bool:
    """Return whether one of the selected connectors is stale at ``now`` (ms)."""
    if board.downtime.total(now) <= SLIGHT:
        return False
    every = range(len(station.connectors))
    indexes = every if isinstance(selected, UnknownConnectors) else selected
    return any(board.unconfirmed_for(station, index, now) > SLIGHT for index in indexes)
