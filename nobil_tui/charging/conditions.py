"""The table of conditions, one row each. Everything that lists conditions derives from it."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Count(StrEnum):
    """The count of a station's summary that a connector adds to, by the name of its field."""

    FREE = "free"
    IN_USE = "in_use"
    FAULTS = "faults"
    UNKNOWN = "unknown"
    NOT_COUNTED = ""
    """Not in the station's total."""


class Condition(IntEnum):
    """The condition of a connector, for everything that shows, counts, filters, alerts or serves
    it.

    A row holds the label, the status words of word-based streams (Enova, OCPI), version 1's
    ``status`` and ``error``, the count of a station's summary that it adds to, the code in stored
    histories, and the meaning. The values index lists, as in ``Board.tally``.
    """

    label: str
    """The condition as the interface shows it."""
    words: tuple[str, ...]
    """The documented status words that map to it."""
    version_1: tuple[int, int]
    """``status`` and ``error`` in version 1 of the stream API."""
    adds_to: Count
    """The count of a station's summary that such a connector adds to."""
    code: int
    """What the history stores. Never change or reuse one; a new condition takes the next."""
    meaning: str
    """The meaning, for the help screen."""

    FREE = "free", ("AVAILABLE",), (0, 0), Count.FREE, 0, "can be used now"
    OCCUPIED = "occupied", ("CHARGING",), (1, 0), Count.IN_USE, 1, "taken by another vehicle"
    BLOCKED = (
        *("blocked", ("BLOCKED",), (1, 0), Count.IN_USE, 2),
        "physically blocked, for example by a parked car",
    )
    RESERVED = "reserved", ("RESERVED",), (1, 0), Count.IN_USE, 3, "reserved for another driver"
    FAULT = (
        *("fault", ("OUTOFORDER",), (-1, 1), Count.FAULTS, 4),
        "reports an error and might not work",
    )
    UNKNOWN = (
        *("unknown", ("UNKNOWN",), (-1, 0), Count.UNKNOWN, 5),
        "no information; never counted as free",
    )
    NOT_IN_SERVICE = (
        *("not in service", ("INOPERATIVE", "PLANNED", "REMOVED"), (-1, 0), Count.NOT_COUNTED, 6),
        "not active yet, or removed; not counted",
    )

    def __new__(
        cls,
        label: str,
        words: tuple[str, ...],
        version_1: tuple[int, int],
        adds_to: Count,
        code: int,
        meaning: str,
    ) -> Condition:
        """Create a row, numbered from 0."""
        member = int.__new__(cls, len(cls.__members__))
        member._value_ = len(cls.__members__)
        member.label = label
        member.words = words
        member.version_1 = version_1
        member.adds_to = adds_to
        member.code = code
        member.meaning = meaning
        return member

    @property
    def counted(self) -> bool:
        """Whether such a connector counts in a station's total."""
        return self.adds_to is not Count.NOT_COUNTED

    @property
    def in_use(self) -> bool:
        """Whether such a connector counts as in use: it works, but cannot be used now."""
        return self.adds_to is Count.IN_USE


IN_USE = tuple(condition for condition in Condition if condition.in_use)

BY_WORD = {word: condition for condition in Condition for word in condition.words}
"""Every documented status word and its condition."""

BY_STATUS: dict[int, Condition] = {}
"""Version 1's ``status`` without an error and its condition: the first row that has it."""
for _row in Condition:
    if not _row.version_1[1]:
        BY_STATUS.setdefault(_row.version_1[0], _row)

PLAIN_WORDS = {word for word, condition in BY_WORD.items() if len(condition.words) == 1}
"""Status words that add nothing to the condition's label."""


def condition_of(status: int, error: int, word: str = "") -> Condition:
    """Return the condition: by the error if there is one, else by the word, else by the status.

    An undocumented word or status is UNKNOWN.
    """
    if error:
        return Condition.FAULT
    if word:
        return BY_WORD.get(word, Condition.UNKNOWN)
    return BY_STATUS.get(status, Condition.UNKNOWN)


def is_documented(word: str) -> bool:
    """Return whether the stream's operator documents a status word."""
    return word in BY_WORD
