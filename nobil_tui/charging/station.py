"""A station and its connectors, as the stream last reported them.

``Station`` and ``Connector`` are decoded straight from version 1's frames (``wire/v1.py``): with
one object per connector, and no second one made from it, a whole country fits in memory. Their
field names and limits are therefore the wire's.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from nobil_tui.charging.conditions import (
    BY_STATUS,
    BY_WORD,
    PLAIN_WORDS,
    Condition,
    Count,
    condition_of,
)

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""A status or a flag: larger integers are rejected."""

Milliseconds = Annotated[int, Meta(ge=-(2**53), le=2**53)]
"""Milliseconds since the epoch; zero and less mean "not known"."""

StationId = Annotated[str, Meta(min_length=1, max_length=64)]
"""An international Nobil id such as ``NOR_01333``: opaque, never parsed or compared as a number."""

MAX_CONNECTORS = 1024
"""Connectors of one station; more are an error of the stream (the largest real one has some
200)."""


class ConnectorStatus(IntEnum):
    """``status`` of a connector or a station in version 1; only a station has ``ERROR``."""

    UNKNOWN = -1
    AVAILABLE = 0
    OCCUPIED = 1
    ERROR = 2


_FAULT, _UNKNOWN = Condition.FAULT, Condition.UNKNOWN


class Connector(Struct, gc=False):
    """One connector as last reported: ``status`` and ``error`` in version 1's numbers.

    ``timestamp`` is the time in ms of the last change of either, as reported or else as observed;
    zero or less if neither is known.
    """

    status: Int32 = -1
    error: Int32 = 0
    timestamp: Milliseconds = -1
    word: ClassVar[str] = ""
    """The stream's own status word; empty for a stream without words. Not a field here: it would
    take memory in each connector, and be read from the wire."""

    @property
    def condition(self) -> Condition:
        """The condition of the connector."""
        # Like ``condition_of`` without a word, but without a call: read at every change and row.
        return _FAULT if self.error else BY_STATUS.get(self.status, _UNKNOWN)

    @property
    def detail(self) -> str:
        """What the condition does not say: an undocumented status, or the status beside an
        error."""
        if self.word:
            return "" if self.word in PLAIN_WORDS else self.word.lower()
        if self.error:
            return {0: "available", 1: "occupied"}.get(self.status, "")
        return "" if -1 <= self.status <= 1 else f"status {self.status}"

    def same_as(self, other: Connector) -> bool:
        """Return whether both report the same, whatever the time.

        A connector that expired has no word: it equals one that a stream reports as ``UNKNOWN``.
        """
        return (
            self.status == other.status
            and self.error == other.error
            and (self.word or _NO_WORD) == (other.word or _NO_WORD)
        )


_NO_WORD = "UNKNOWN"


class WordConnector(Connector, gc=False):
    """A connector of a stream that uses words; ``status`` and ``error`` are version 1's
    equivalent."""

    word: str = ""  # type: ignore[misc]  # a field instead of the constant

    @property
    def condition(self) -> Condition:
        """The condition of the connector."""
        # Like ``condition_of``, but without a call where there is a word.
        if self.word and not self.error:
            return BY_WORD.get(self.word, _UNKNOWN)
        return condition_of(self.status, self.error, self.word)


class Summary(Struct, frozen=True, gc=False):
    """How many connectors of a station are in which condition; ``total`` counts those in
    service."""

    free: int
    total: int
    in_use: int
    faults: int
    unknown: int

    @property
    def text(self) -> str:
        """``2/4``; a dash if no connector is counted.

        ``?/4`` if none is known to be free while some are unknown: ``0/4`` would say that none is.
        """
        if not self.total:
            return "–"
        return f"{'?' if self.unknown and not self.free else self.free}/{self.total}"

    @property
    def condition(self) -> Condition:
        """The condition of the whole station: the best that it offers, by the order of
        ``Count``."""
        for count, condition in _BEST_FIRST:
            if getattr(self, count):
                return condition
        return Condition.NOT_IN_SERVICE


_BEST_FIRST = [
    (count.value, next(condition for condition in Condition if condition.adds_to is count))
    for count in Count
    if count is not Count.NOT_COUNTED
]
"""Each field of a summary, and the first condition that adds to it."""


@lru_cache(maxsize=4096)
def _summary(free: int, total: int, in_use: int, faults: int, unknown: int) -> Summary:
    # Interned: few combinations exist, and a country has tens of thousands of stations.
    return Summary(free, total, in_use, faults, unknown)


if TYPE_CHECKING:
    from nobil_tui.charging.tracking import Track

    OwnTrack = Track | None
    OwnSummary = Summary | None
else:
    # The decoder must never fill these from a frame. It accepts only null for a field whose type is
    # None, and no server has keys by the names that these fields have on the wire.
    OwnTrack = None
    OwnSummary = None


class Station(Struct, gc=False):
    """A station as last reported. ``status`` is the operator's summary, if one was sent."""

    id: StationId = field(name="uuid")
    connectors: Annotated[list[Connector], Meta(max_length=MAX_CONNECTORS)]
    status: Int32 | None = None
    track: OwnTrack = field(default=None, name="our own track")
    cached: OwnSummary = field(default=None, name="our own summary")

    @property
    def evse_uids(self) -> tuple[str, ...]:
        """The id of each connector if the stream names them; empty if it only numbers them."""
        return self.track.evse_uids if self.track is not None else ()

    @property
    def summary(self) -> Summary:
        """The counts, recomputed only after a change."""
        if self.cached is None:
            self.cached = summarize(self.connectors)
        return self.cached


# Plain integers: looking up an enum member and indexing by it takes longer than counting.
_ZEROS = [0] * len(Count)
_COUNT_INDEX = [list(Count).index(condition.adds_to) for condition in Condition]


def summarize(connectors: list[Connector]) -> Summary:
    """Count connectors by the conditions that matter to a driver."""
    counts = _ZEROS.copy()
    for connector in connectors:
        counts[_COUNT_INDEX[connector.condition]] += 1
    free, in_use, faults, unknown, _ = counts
    return _summary(free, free + in_use + faults + unknown, in_use, faults, unknown)


def operator_status(connectors: list[Connector]) -> int:
    """Return version 1's summary of a station: error, then unknown, then available, then
    occupied."""
    if any(connector.error for connector in connectors):
        return ConnectorStatus.ERROR
    statuses = {connector.status for connector in connectors}
    if not statuses or not statuses <= {0, 1}:
        return ConnectorStatus.UNKNOWN
    return ConnectorStatus.AVAILABLE if 0 in statuses else ConnectorStatus.OCCUPIED
