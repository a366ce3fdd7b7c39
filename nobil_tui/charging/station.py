"""What a stream says of a station and its connectors, and what that means to somebody who wants to charge.

``Station`` and ``Connector`` are decoded straight from version 1's frames (``wire/v1.py``): one object a connector, and
no second one made from it, is what lets a whole country fit. Their field names and limits are therefore the wire's.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct, field

Small = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""An integer that a sane server could mean as a status or a flag."""

Milliseconds = Annotated[int, Meta(ge=-(2**53), le=2**53)]
"""Milliseconds since the epoch; zero and less stand for "not known"."""

StationId = Annotated[str, Meta(min_length=1, max_length=64)]
"""An international Nobil id such as ``NOR_01333``: opaque, never parsed, padded or compared as a number."""

MAX_CONNECTORS = 1024
"""More connectors than this at one station are an error of the stream (the largest real station has some 200)."""


class ConnectorStatus(IntEnum):
    """``status`` of a connector or a station in version 1; a connector has no ``ERROR``, its error stands apart."""

    UNKNOWN = -1
    AVAILABLE = 0
    OCCUPIED = 1
    ERROR = 2


class Condition(IntEnum):
    """What a connector is in, for everything that shows, counts, filters, alerts or serves."""

    FREE = 0
    OCCUPIED = 1
    BLOCKED = 2
    RESERVED = 3
    FAULT = 4
    UNKNOWN = 5
    NOT_IN_SERVICE = 6

    @property
    def counted(self) -> bool:
        """Whether such a connector counts in a station's total."""
        return self is not Condition.NOT_IN_SERVICE

    @property
    def in_use(self) -> bool:
        """Whether somebody stands in the way: to a counter, blocked and reserved are occupied."""
        return Condition.OCCUPIED <= self <= Condition.RESERVED

    @property
    def label(self) -> str:
        """The condition as a reader is told it."""
        return self.name.replace("_", " ").lower()


_FAULT, _UNKNOWN = Condition.FAULT, Condition.UNKNOWN
_BY_STATUS: dict[int, Condition] = {
    ConnectorStatus.AVAILABLE: Condition.FREE,
    ConnectorStatus.OCCUPIED: Condition.OCCUPIED,
}
_BY_WORD = {
    "AVAILABLE": Condition.FREE,
    "CHARGING": Condition.OCCUPIED,
    "BLOCKED": Condition.BLOCKED,
    "RESERVED": Condition.RESERVED,
    "OUTOFORDER": Condition.FAULT,
    "UNKNOWN": Condition.UNKNOWN,
    "INOPERATIVE": Condition.NOT_IN_SERVICE,
    "PLANNED": Condition.NOT_IN_SERVICE,
    "REMOVED": Condition.NOT_IN_SERVICE,
}


def condition_of(status: int, error: int, word: str = "") -> Condition:
    """Tell the condition from what a stream said: the error first, then the word if there is one, then the status."""
    if error:
        return Condition.FAULT
    if word:
        return _BY_WORD.get(word, Condition.UNKNOWN)
    return _BY_STATUS.get(status, Condition.UNKNOWN)


def is_documented(word: str) -> bool:
    """Whether a stream's word for a status is one that its operator documents."""
    return word in _BY_WORD


class Connector(Struct, gc=False):
    """One power outlet as the stream last said it: ``status`` and ``error`` as version 1 has them.

    ``timestamp`` is the time in ms of the last change of either, as said by the stream or else as seen by us; zero or
    less where neither is known.
    """

    status: Small = -1
    error: Small = 0
    timestamp: Milliseconds = -1

    @property
    def word(self) -> str:
        """The stream's own word for the status, where it uses words."""
        return ""

    @property
    def condition(self) -> Condition:
        """What the connector is in."""
        # As ``condition_of`` says without a word, but without a call: asked for at every change and in every row.
        return _FAULT if self.error else _BY_STATUS.get(self.status, _UNKNOWN)

    @property
    def detail(self) -> str:
        """What the condition alone does not tell: an unheard-of status, or the status beside an error."""
        if self.word:
            return "" if self.word in _PLAIN_WORDS else self.word.lower()
        if self.error:
            return {0: "available", 1: "occupied"}.get(self.status, "")
        return "" if -1 <= self.status <= 1 else f"status {self.status}"

    def same_as(self, other: Connector) -> bool:
        """Whether both say the same, whatever the time.

        What we came to know nothing of has no word: a stream that knows nothing of it either says the same.
        """
        return (
            self.status == other.status
            and self.error == other.error
            and (self.word or _NO_WORD) == (other.word or _NO_WORD)
        )


_NO_WORD = "UNKNOWN"
_PLAIN_WORDS = {"AVAILABLE", "CHARGING", "BLOCKED", "RESERVED", "OUTOFORDER", "UNKNOWN"}


class WordConnector(Connector, gc=False):
    """A connector of a stream that uses words; ``status`` and ``error`` are what version 1 would have said."""

    said: str = ""

    @property
    def word(self) -> str:
        """The stream's own word for the status."""
        return self.said

    @property
    def condition(self) -> Condition:
        """What the connector is in."""
        return condition_of(self.status, self.error, self.said)


class Summary(Struct, frozen=True, gc=False):
    """How many connectors of a station are in what; ``total`` counts those in service."""

    free: int
    total: int
    in_use: int
    faults: int
    unknown: int

    @property
    def text(self) -> str:
        """``2/4``; ``?/4`` where every connector is unknown; a dash where none is counted."""
        if not self.total:
            return "–"
        return f"{'?' if self.unknown == self.total else self.free}/{self.total}"

    @property
    def condition(self) -> Condition:
        """The condition of the station as a whole: the best that it offers."""
        if self.free:
            return Condition.FREE
        if self.in_use:
            return Condition.OCCUPIED
        if self.faults:
            return Condition.FAULT
        return Condition.UNKNOWN if self.total else Condition.NOT_IN_SERVICE


@lru_cache(maxsize=4096)
def _summary(free: int, total: int, in_use: int, faults: int, unknown: int) -> Summary:
    # Interned: few combinations exist, and a country has tens of thousands of stations.
    return Summary(free, total, in_use, faults, unknown)


if TYPE_CHECKING:
    from nobil_tui.charging.tracking import Track

    OwnTrack = Track | None
    OwnSummary = Summary | None
else:
    # The decoder must never fill these from a frame. It accepts nothing but null for a field whose type is None, and
    # their names on the wire are such that no server happens to have a key of its own by that name.
    OwnTrack = None
    OwnSummary = None


class Station(Struct, gc=False):
    """A station as the stream last said it. ``status`` is the operator's summary, where it was sent."""

    id: StationId = field(name="uuid")
    connectors: Annotated[list[Connector], Meta(max_length=MAX_CONNECTORS)]
    status: Small | None = None
    track: OwnTrack = field(default=None, name="our own track")
    cached: OwnSummary = field(default=None, name="our own summary")

    @property
    def summary(self) -> Summary:
        """The counts, worked out again only after a change."""
        if self.cached is None:
            self.cached = summarize(self.connectors)
        return self.cached


_NONE = [0] * len(Condition)


def summarize(connectors: list[Connector]) -> Summary:
    """Count connectors by what matters to a driver."""
    counts = _NONE.copy()
    for connector in connectors:
        counts[connector.condition] += 1
    free, occupied, blocked, reserved, faults, unknown, not_in_service = counts
    total = len(connectors) - not_in_service
    return _summary(free, total, occupied + blocked + reserved, faults, unknown)


def operator_status(connectors: list[Connector]) -> int:
    """Work out version 1's summary of a station: error, then unknown, then available, then occupied."""
    if any(connector.error for connector in connectors):
        return ConnectorStatus.ERROR
    statuses = {connector.status for connector in connectors}
    if not statuses or not statuses <= {0, 1}:
        return ConnectorStatus.UNKNOWN
    return ConnectorStatus.AVAILABLE if 0 in statuses else ConnectorStatus.OCCUPIED
