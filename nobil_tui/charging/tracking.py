"""The board's notes on a station's connectors, beside the reported state."""

from __future__ import annotations

from msgspec import Struct


class Track(Struct, gc=False):
    """Notes on a station's connectors, by index; a station has one only if there is something to
    note.

    After a restart or a busy day that is every station, hence None or a tuple instead of an empty
    dict or list.
    """

    confirmed: int = 0
    """The reading of the downtime clock, in ms, when all connectors were last confirmed."""
    confirmed_each: dict[int, int] | None = None
    """The same for single connectors that were confirmed later than all of them."""
    heard: int = 0
    """When an update last named all connectors, in ms; zero if none has."""
    heard_each: dict[int, int] | None = None
    """The same for single connectors that were named later than all of them."""
    at_least: int = 0
    """A bit for each connector whose last change was not seen, and so may be older than
    ``timestamp``."""
    unnamed: int = 0
    """A bit for each connector that the register knows and the stream has not named yet."""
    evse_uids: tuple[str, ...] = ()
    """The id of each connector if the stream names them; empty if the index is the id."""

    def confirmed_at(self, index: int) -> int:
        """Return the reading of the downtime clock, in ms, when a connector was last confirmed."""
        each = self.confirmed_each
        return self.confirmed if each is None else max(self.confirmed, each.get(index, 0))

    def confirm(self, index: int, downtime: int) -> None:
        """Note that a connector is confirmed at a reading of the downtime clock, in ms."""
        if self.confirmed_each is None:
            self.confirmed_each = {}
        self.confirmed_each[index] = downtime

    def heard_at(self, index: int) -> int:
        """Return when a report last named a connector, in ms; zero if none has."""
        each = self.heard_each
        return self.heard if each is None else max(self.heard, each.get(index, 0))

    def set_heard(self, index: int, at: int) -> None:
        """Note that a report names a connector at ``at`` (ms)."""
        if self.heard_each is None:
            self.heard_each = {}
        self.heard_each[index] = at

    def set_at_least(self, index: int, at_least: bool) -> None:
        """Note whether a connector may have changed before its ``timestamp``."""
        if at_least:
            self.at_least |= 1 << index
        else:
            self.at_least &= ~(1 << index)

    def is_unnamed(self, index: int) -> bool:
        """Return whether the stream has not named a connector yet."""
        return bool(self.unnamed >> index & 1)

    def set_named(self, index: int) -> None:
        """Note that the stream names a connector."""
        self.unnamed &= ~(1 << index)

    def resize(self, old: int, new: int) -> None:
        """Adapt to a longer or shorter list of connectors: drop the notes on removed ones."""
        if new > old and self.heard:
            # The update that named all of them did not name the added ones.
            self.heard_each = {index: self.heard_at(index) for index in range(old)}
            self.heard = 0
        self.evse_uids = self.evse_uids[:new]
        self.at_least &= (1 << new) - 1
        self.unnamed &= (1 << new) - 1
        for notes in (self.heard_each or {}, self.confirmed_each or {}):
            for index in [index for index in notes if index >= new]:
                del notes[index]
