"""What we noted ourselves of a station, beside what the stream said of it."""

from __future__ import annotations

from msgspec import Struct


class Track(Struct, gc=False):
    """What we noted ourselves of a station's connectors, by their index; kept only where there is something to note.

    After a restart or a busy day that is everywhere: what has nothing to hold is therefore no empty dict or list.
    """

    confirmed: int = 0
    """The board's time not listened, in ms, when all connectors were last confirmed."""
    confirmed_each: dict[int, int] | None = None
    """The same for single connectors that were confirmed later than all of them."""
    heard: int = 0
    """When an update last named all connectors, in ms; zero before one."""
    heard_each: dict[int, int] | None = None
    """The same for single connectors that were named later than all of them."""
    at_least: int = 0
    """A bit for each connector whose ``timestamp`` is only the time from which we know: the change was not seen."""
    unnamed: int = 0
    """A bit for each connector that is known to be there and that the stream has not named yet."""
    keys: tuple[str, ...] = ()
    """The key of each connector where the stream names them; empty where the index is the key."""

    def confirmed_at(self, index: int) -> int:
        """The board's time not listened, in ms, when a connector was last confirmed."""
        each = self.confirmed_each
        return self.confirmed if each is None else max(self.confirmed, each.get(index, 0))

    def confirm(self, index: int, total: int) -> None:
        """Note that a connector is confirmed at that stand of the board's time not listened, in ms."""
        if self.confirmed_each is None:
            self.confirmed_each = {}
        self.confirmed_each[index] = total

    def heard_at(self, index: int) -> int:
        """When a connector was last named by a report, in ms; zero before one."""
        each = self.heard_each
        return self.heard if each is None else max(self.heard, each.get(index, 0))

    def hear(self, index: int, at: int) -> None:
        """Note that a report names a connector at ``at`` (ms)."""
        if self.heard_each is None:
            self.heard_each = {}
        self.heard_each[index] = at

    def mark(self, index: int, at_least: bool) -> None:
        """Note whether a connector's ``timestamp`` is only the time from which we know."""
        if at_least:
            self.at_least |= 1 << index
        else:
            self.at_least &= ~(1 << index)

    def is_unnamed(self, index: int) -> bool:
        """Whether the stream has not named a connector yet."""
        return bool(self.unnamed >> index & 1)

    def name(self, index: int) -> None:
        """Note that the stream names a connector."""
        self.unnamed &= ~(1 << index)

    def resize(self, old: int, new: int) -> None:
        """Follow a list that grew or shrank; what is gone takes its notes along."""
        if new > old and self.heard:
            # What named all of them did not name those that come now.
            self.heard_each = {index: self.heard_at(index) for index in range(old)}
            self.heard = 0
        self.keys = self.keys[:new]
        self.at_least &= (1 << new) - 1
        self.unnamed &= (1 << new) - 1
        for notes in (self.heard_each or {}, self.confirmed_each or {}):
            for index in [index for index in notes if index >= new]:
                del notes[index]
