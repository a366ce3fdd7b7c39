"""The events of a feed, whatever it reads from. All times are in milliseconds since the epoch."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from msgspec import Struct

from nobil_tui.charging.station import Connector, Station


class Connecting(Struct, frozen=True):
    """The feed tries to reach its source."""


class Connected(Struct, frozen=True):
    """The source is reached; from ``at`` on nothing is missed."""

    at: int


class Snapshot(Struct, frozen=True):
    """The state of every station of the stream: one that it lacks has left."""

    stations: list[Station]
    at: int
    unreadable: int = 0
    """Stations in it that could not be decoded. They are in the stream all the same: none may be said to have left."""
    gap: int = 0
    """How long before the link was live it was made, in ms: what changed in that time may be missing."""


class StationReport(Struct, frozen=True):
    """One station with all its connectors; replaces what was held."""

    station: Station
    at: int


class ConnectorReport(Struct, frozen=True):
    """One connector by its id inside its station; the other connectors keep their state."""

    station_id: str
    evse_uid: str
    connector: Connector
    at: int


class RawReport(Struct, frozen=True):
    """A charger's own report of one connector: proof that it is reachable, never a change."""

    station_id: str
    index: int
    connector: Connector
    at: int


class Unreadable(Struct, frozen=True):
    """A frame that could not be decoded, and why, in words safe to show."""

    reason: str
    at: int


class Ignored(Struct, frozen=True):
    """A frame that is well formed and not for us, such as one of an unknown type."""

    type: str
    at: int


class Degraded(Struct, frozen=True):
    """The source is reached, but only a part of it works; ``reason`` says what is missing.

    An empty ``reason`` means that all of it works again.
    """

    reason: str
    at: int


class Lost(Struct, frozen=True):
    """The link is down. Nothing was heard after ``heard_at``; the next try is at ``retry_at``."""

    reason: str
    heard_at: int
    retry_at: int


class Refused(Struct, frozen=True):
    """The source does not take the key: no further try until the user asks for one."""

    reason: str
    heard_at: int


class Ended(Struct, frozen=True):
    """The source has nothing more to say, as a recording that was played to its end."""

    at: int


class Restarted(Struct, frozen=True):
    """The source begins anew, as a recording in which somebody went back: what it said so far is not said."""

    at: int


Event = (
    Connecting
    | Connected
    | Snapshot
    | StationReport
    | ConnectorReport
    | RawReport
    | Unreadable
    | Ignored
    | Degraded
    | Lost
    | Refused
    | Ended
    | Restarted
)


class Feed(Protocol):
    """A source of reports. Leaving the iteration (``aclose``) shuts the link down at once."""

    def events(self) -> AsyncGenerator[Event, None]:
        """Yield what comes, without an end of its own unless the source has one."""
        ...

    @property
    def behind(self) -> int:
        """How far what is read lies behind what is sent, in ms; zero where it keeps up."""
        ...

    def retry(self) -> None:
        """Try now: ends the wait for the next try, or the stop after a refusal."""
        ...
