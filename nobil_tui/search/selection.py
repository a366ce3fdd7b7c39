"""A filter as a whole, and how the connectors are that it asks for."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from nobil_tui.charging.board import Board
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.geo import Position
from nobil_tui.charging.register import Facts
from nobil_tui.charging.station import Station, Summary, summarize
from nobil_tui.search.plug_terms import PlugFilter, PlugMatch
from nobil_tui.search.terms import LiveTerm, Term


class FilterProblem(Struct, frozen=True):
    """A part of a filter that means nothing; it is left out, and the rest holds."""

    start: int
    """Where it begins in the text, in characters."""
    end: int
    message: str
    """What is wrong and what would be right, to a reader."""


class Query(Struct, frozen=True):
    """What a filter asks: a station must fit every term."""

    text: str
    """As it was typed."""
    terms: tuple[Term, ...] = ()
    """The static ones, ``plugs`` among them."""
    plugs: PlugFilter = PlugFilter()
    """The plugs that are asked for: only their connectors count."""
    states: tuple[LiveTerm, ...] = ()
    near: Position | None = None
    """From where distances are meant, if the text says so."""
    problems: tuple[FilterProblem, ...] = ()

    def __bool__(self) -> bool:
        """Whether it asks anything: an empty one fits every station."""
        return bool(self.terms or self.states)

    @property
    def is_live(self) -> bool:
        """Whether what the stream says can change who fits."""
        return bool(self.states)


class UnknownConnectors(Struct, frozen=True):
    """So many connectors of a station are asked for, and it cannot be told which."""

    count: int


def select_connectors(station: Station, facts: Facts, fit: PlugMatch) -> Sequence[int] | UnknownConnectors:
    """Tell the indexes of a station's connectors that have a plug which is asked for, by ``PlugFilter.fit``.

    Where the register and the stream cannot be joined, it is not known which connector has which plug. It joins as
    ``Facts.plugs_for`` does, only that not all is put together of which a part is wanted.
    """
    connectors = len(station.connectors)
    if fit is True:
        # Whichever connector has which.
        return range(connectors)
    if fit is False:
        return ()
    evse_uids = station.evse_uids
    if not evse_uids:
        if connectors == len(fit):
            return [index for index, fits in enumerate(fit) if fits]
    else:
        meant = {key for key, fits in zip(facts.plug_evse_uids, fit, strict=False) if fits and key}
        found = [index for index, key in enumerate(evse_uids[:connectors]) if key in meant]
        if found or not set(evse_uids).isdisjoint(facts.plug_evse_uids):
            return found
    return UnknownConnectors(min(sum(fit), connectors))


def count_connectors(station: Station, indexes: Sequence[int] | UnknownConnectors) -> Summary:
    """Count some connectors of a station."""
    if isinstance(indexes, UnknownConnectors):
        return Summary(0, indexes.count, 0, 0, indexes.count)
    if len(indexes) == len(station.connectors):
        return station.summary
    return summarize([station.connectors[index] for index in indexes])


def any_stale(station: Station, indexes: Sequence[int] | UnknownConnectors, board: Board, now: int) -> bool:
    """Whether one of some connectors has not been confirmed for so long that it is shown so."""
    if board.downtime.total(now) <= SLIGHT:
        return False
    looked_at = range(len(station.connectors)) if isinstance(indexes, UnknownConnectors) else indexes
    return any(board.unconfirmed_for(station, index, now) > SLIGHT for index in looked_at)
