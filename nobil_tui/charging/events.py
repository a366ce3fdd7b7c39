"""The events that a feed yields. All times are milliseconds since the epoch."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from typing import Annotated, Protocol

from msgspec import Meta, Struct

from nobil_tui.charging.station import Connector, Station

MAX_SAMPLE = 400
"""The most bytes that are kept of a frame that could not be decoded."""


class Connecting(Struct, frozen=True):
    """The feed is connecting to its source."""


class Connected(Struct, frozen=True):
    """The source is connected; nothing is missed from ``at`` on."""

    at: int


class HubState(Struct, frozen=True, omit_defaults=True):
    """The state of a hub that relays a stream, as it sends it: its link and its downtime clock.

    Times in ms. The defaults are not sent.
    """

    live: bool = True
    """Whether the hub hears from its own source."""
    reason: str = ""
    """Why it does not hear from it; empty if it does."""
    down_for: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """For how long it has not heard from it, in ms."""
    downtime: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """The reading of its downtime clock, including ``down_for``."""
    confirmed: Annotated[int, Meta(ge=-(2**53), le=2**53)] = 0
    """The reading at which all its stations were last confirmed."""
    began: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """When it first heard of a connector whose last change has no known time."""
    source: str = ""
    """The name of its source."""
    simulated: bool = False
    credit: str = ""
    """The credit to show with the data."""


class HubReport(Struct, frozen=True):
    """The state of the hub that relays the stream, between two snapshots."""

    hub: HubState
    at: int


class Snapshot(Struct, frozen=True):
    """The state of every station of the stream; a station that it lacks has left."""

    stations: list[Station]
    at: int
    unreadable: int = 0
    """How many stations could not be decoded. If there are any, no station counts as having
    left."""
    gap: int = 0
    """How long before the link was live it was made, in ms: what changed in that time may be
    missing."""
    hub: HubState | None = None
    """The state of the hub that relays the stream; None for a stream that is not relayed."""
    sample: bytes = b""
    """The beginning of the first station that could not be decoded, as in ``Unreadable``."""
    heard: Mapping[str, int] = {}
    """When reports of the present connection named connectors, by EVSE UID, in ms: whatever the
    gap, nothing is missing of them."""
    regrouped: Collection[str] = ()
    """Stations that it lacks because their connectors turned out to be those of others: they have
    not left."""


class StationReport(Struct, frozen=True):
    """One station with all its connectors; replaces the held state."""

    station: Station
    at: int
    relayed: bool = False
    """Whether a hub relays the stream: then the station's track has what the hub noted on it."""


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
    evse_uid: str = ""
    """Its id inside its station, if a hub relays a stream that names connectors."""


class Unreadable(Struct, frozen=True):
    """A frame that could not be decoded; ``reason`` is safe to show."""

    reason: str
    at: int
    sample: bytes = b""
    """The beginning of the frame, at most ``MAX_SAMPLE`` bytes, not safe to show."""


class Ignored(Struct, frozen=True):
    """A well-formed frame that is not used, such as one of an unknown type."""

    type: str
    at: int


class Degraded(Struct, frozen=True):
    """The source is reached, but only a part of it works; ``reason`` says what is missing.

    An empty ``reason`` means that all of it works again.
    """

    reason: str
    at: int
    polled: bool = False
    """Whether nothing is received between two snapshots: connectors are unconfirmed in between."""


class Lost(Struct, frozen=True):
    """The link is down. Nothing was heard after ``heard_at``; the next attempt is at
    ``retry_at``. If that is zero, the feed waits for the other side, such as a silent relay."""

    reason: str
    heard_at: int
    retry_at: int


class Refused(Struct, frozen=True):
    """The source refuses the API key. The next attempt is at ``retry_at``; if that is zero, the
    feed does not retry unless ``retry`` is called."""

    reason: str
    heard_at: int
    retry_at: int = 0
    login: bool = False
    """Whether a server refuses the login, and not the API key; ``reason`` says which server."""


class Ended(Struct, frozen=True):
    """The source is at its end, such as a recording."""

    at: int


class Restarted(Struct, frozen=True):
    """The source starts over, such as a rewound recording: all earlier events are void."""

    at: int


Event = (
    Connecting
    | Connected
    | Snapshot
    | StationReport
    | ConnectorReport
    | RawReport
    | HubReport
    | Unreadable
    | Ignored
    | Degraded
    | Lost
    | Refused
    | Ended
    | Restarted
)


class Feed(Protocol):
    """An iterator of events. Closing the iterator (``aclose``) closes the link at once."""

    def events(self) -> AsyncGenerator[Event, None]:
        """Yield the events; endless unless the source has an end."""
        ...

    @property
    def behind(self) -> int:
        """How far reading lags behind the stream, in ms; zero if it keeps up."""
        ...

    @property
    def alive_at(self) -> int:
        """When the live source was last heard, in ms, also without an event, as by a pong; zero if
        only events tell."""
        ...

    def retry(self) -> None:
        """Connect now: end the wait for the next attempt, or the stop after a refused key."""
        ...
