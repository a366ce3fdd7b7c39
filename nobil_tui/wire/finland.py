"""Decode the statuses of Finland's charging network, as Fintraffic publishes them.

Source: the operator's documentation of its AFIR service. Any field can be missing,
null or of the wrong type: an entry that cannot be decoded is counted and skipped. All times are in
ms since the epoch.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeGuard

import msgspec
from msgspec import Meta, Raw, Struct

from nobil_tui.base.decoding import DECODE_ERRORS, NotReadableError
from nobil_tui.base.text import safe_text

MAX_LOCATION_ID = 64
"""The most characters of a location's id; a longer one is not read."""
MAX_EVSE_ID = 128
"""The most characters of an EVSE's id; a longer one is not read."""
TOPIC_ROOT = "status-v1"
"""The first level of the topics that carry statuses."""
FINLAND_CREDIT = "Fintraffic / digitraffic.fi, CC BY 4.0"
"""The credit to show wherever the data is shown."""
TOPIC_FILTER = f"{TOPIC_ROOT}/#"
"""Subscribes to the statuses of every EVSE."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000
"""Milliseconds."""


class Status(Struct, frozen=True, gc=False):
    """The status of one EVSE."""

    evse_id: str
    word: str
    time: int = 0
    """When the status changed; zero if the time is missing or invalid."""
    location_id: str = ""
    """The location of the EVSE; empty if it is missing, as in the snapshot."""


class Statuses(Struct, frozen=True):
    """The statuses of all EVSEs."""

    statuses: list[Status]
    unreadable: int
    """How many entries could not be decoded."""
    made_at: int = 0
    """When the response was made; zero if it does not say."""


class _Entry(Struct, gc=False):
    # The limits are those of ``is_id``, checked by the decoder.
    evseId: Annotated[str, Meta(min_length=1, max_length=MAX_EVSE_ID)]  # noqa: N815  # as in the data
    status: str
    # A time without a zone is rare, and read by the slower way.
    time: Annotated[datetime, Meta(tz=True)] | None = None
    locationId: Annotated[str, Meta(max_length=MAX_LOCATION_ID)] = ""  # noqa: N815


class _Response(Struct):
    """A response all of whose entries are valid, as usual."""

    statuses: list[_Entry]
    modifiedAt: Any = None  # noqa: N815  # the name in the data


class _RawResponse(Struct):
    statuses: list[Raw]
    modifiedAt: Any = None  # noqa: N815  # the name in the data


_decode_response = msgspec.json.Decoder(_Response).decode
_decode_raw_response = msgspec.json.Decoder(_RawResponse).decode
_decode_anything = msgspec.json.Decoder().decode


def decode_statuses(response: bytes) -> Statuses:
    """Decode the response with the statuses of all EVSEs. Raises ``NotReadableError`` if it has
    none."""
    try:
        read = _decode_response(response)
    except DECODE_ERRORS:
        return _decode_each(response)
    entries = read.statuses
    # The first rows on screen wait for this: a country is checked as one text, and the times are
    # computed without a call.
    ids = "".join([entry.evseId + entry.locationId for entry in entries])
    if not ids.isprintable():
        return _decode_each(response)
    statuses = [
        Status(
            entry.evseId,
            entry.status,
            0
            if entry.time is None
            else max(
                0,
                (passed := entry.time - _EPOCH).days * _DAY
                + passed.seconds * 1000
                + passed.microseconds // 1000,
            ),
            entry.locationId,
        )
        for entry in entries
    ]
    return Statuses(statuses, 0, time_of(read.modifiedAt))


def _decode_each(response: bytes) -> Statuses:
    """Decode a response entry by entry, since some of them are not valid."""
    try:
        raw = _decode_raw_response(response)
    except DECODE_ERRORS as error:
        raise NotReadableError(
            f"the response has no list of statuses: {safe_text(str(error))}"
        ) from None
    statuses = [
        Status(
            evse_id, word, time_of(time), location_id if is_id(location_id, MAX_LOCATION_ID) else ""
        )
        for evse_id, word, time, location_id in map(_fields, raw.statuses)
        if is_id(evse_id, MAX_EVSE_ID) and isinstance(word, str)
    ]
    return Statuses(statuses, len(raw.statuses) - len(statuses), time_of(raw.modifiedAt))


def decode_message(topic: str, payload: bytes) -> Status:
    """Decode one message of the stream. Raises ``NotReadableError`` if it names no connector or no
    status.

    The topic is ``status-v1/<country>/<party>/<location>/<evse>``; an id of an EVSE may hold a
    slash.
    """
    levels = topic.split("/", 4)
    if len(levels) < 5 or levels[0] != TOPIC_ROOT:
        raise NotReadableError(f"a topic that names no connector: {safe_text(topic)}")
    location_id, evse_id = levels[3:]
    if not (is_id(location_id, MAX_LOCATION_ID) and is_id(evse_id, MAX_EVSE_ID)):
        raise NotReadableError(
            "a topic with an id that is empty, too long or holds control characters"
        )
    _, word, time, _ = _fields(payload)
    if not isinstance(word, str):
        raise NotReadableError(f"no status of {safe_text(evse_id)}")
    return Status(evse_id, word, time_of(time), location_id)


def is_id(value: Any, most: int) -> TypeGuard[str]:
    """Return whether a value is a text that can be used as an id of at most ``most`` characters."""
    return isinstance(value, str) and 0 < len(value) <= most and value.isprintable()


def time_of(value: Any) -> int:
    """Return an ISO 8601 time in ms since the epoch; zero if it is not one."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value[:40])
        except ValueError:
            return 0
    return _milliseconds(value) if isinstance(value, datetime) else 0


def _milliseconds(time: datetime) -> int:
    """Return a time in ms since the epoch; one without a zone is in UTC."""
    passed = (time if time.tzinfo is not None else time.replace(tzinfo=UTC)) - _EPOCH
    # By its parts: dividing one ``timedelta`` by another takes three times as long.
    return max(0, passed.days * _DAY + passed.seconds * 1000 + passed.microseconds // 1000)


def _fields(raw: Raw | bytes) -> tuple[Any, Any, Any, Any]:
    """Return ``evseId``, ``status``, ``time`` and ``locationId`` of an entry, None for what it
    lacks."""
    try:
        entry = _decode_anything(raw)
    except DECODE_ERRORS:
        entry = None
    if not isinstance(entry, dict):
        return None, None, None, None
    return entry.get("evseId"), entry.get("status"), entry.get("time"), entry.get("locationId")
