"""Decode NOBIL's datadump: the station register as its API sends it.

Source: version 3 of the API's documentation, and real responses. Any field can be missing, null or
of an unexpected type; texts contain HTML entities, and an empty object is sent as an empty list. A
station, field or plug that cannot be decoded is counted and skipped; the rest is used.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

from nobil_tui.base.decoding import BOM, DECODE_ERRORS, NotReadableError
from nobil_tui.base.text import safe_text
from nobil_tui.charging.geo import Position, is_position
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.charging.station import MAX_CONNECTORS
from nobil_tui.wire.plugs import plug_of
from nobil_tui.wire.register_entry import Attributes, Entry, Outlet, decode_entry
from nobil_tui.wire.register_fields import (
    MAX_PROSE,
    country_code,
    evse_uid_of,
    number_of,
    opening_of,
    place_of,
    text_of,
    words_of,
    yes_or_no,
)

MAX_STATION_ID = 64
"""The most characters of a station's id."""

_COORDINATE = r"([-+]?\d{1,3}(?:\.\d{1,20})?)"
_USUAL_RIGHTS = re.compile(
    r"\b(CC[ -]BY|Creative Commons Attribution)[ -]4\.0", re.ASCII | re.IGNORECASE
)
_ABOUT_KEY = re.compile(
    r"\bapi[ _-]?key\b"
    r"|\b(?:wrong|invalid|unknown|missing|expired|no|no such) key\b"
    r"|\bkey\b.{0,40}\b(?:wrong|invalid|valid|unknown|missing|expired|denied|refused|rejected|required)\b",
    re.ASCII | re.IGNORECASE,
)
_POSITION = re.compile(
    rf"\(?\s{{0,9}}{_COORDINATE}\s{{0,9}},\s{{0,9}}{_COORDINATE}\s{{0,9}}\)?", re.ASCII
)


class ComplaintError(NotReadableError):
    """The register's API reported an error. The message is the API's own, safe to show."""

    @property
    def about_key(self) -> bool:
        """Whether the API rejected the key."""
        return _ABOUT_KEY.search(str(self)) is not None


class Dump(Struct, frozen=True):
    """A decoded response."""

    facts: dict[str, Facts]
    """By station id."""
    unreadable: int
    """How many stations could not be decoded at all."""
    problems: Counter[str]
    """Problems of the other stations, in words, and how often each occurred."""
    rights: str
    """The licence that the response states."""

    @property
    def other_rights(self) -> str:
        """The licence if it is not CC BY 4.0; empty if it is, or if none is stated."""
        return "" if _USUAL_RIGHTS.search(self.rights) else self.rights


class _Envelope(Struct):
    stations: msgspec.Raw = field(name="chargerstations", default_factory=msgspec.Raw)
    error: Any = None
    rights: Any = field(name="Rights", default=None)


_envelope = msgspec.json.Decoder(_Envelope).decode
_stations = msgspec.json.Decoder(list[msgspec.Raw] | dict[str, msgspec.Raw]).decode


def decode_register(response: bytes | bytearray) -> Dump:
    """Decode a response.

    Raises ``NotReadableError`` if it is not a register, and ``ComplaintError`` if the API reports
    an error, which it may do with HTTP 200.
    """
    reader = _Reader()
    if not response:
        raise NotReadableError("the response is empty")
    # A view: removing the byte order mark would copy the response of a whole country.
    reader.read_response(
        msgspec.Raw(memoryview(response)[len(BOM) if response.startswith(BOM) else 0 :])
    )
    return Dump(reader.facts, reader.unreadable, reader.problems, reader.rights)


class _Reader:
    """Decode the stations of one response. Equal texts and plugs are stored once."""

    def __init__(self) -> None:
        self.facts: dict[str, Facts] = {}
        self.unreadable = 0
        self.problems: Counter[str] = Counter()
        self.rights = ""
        self._shared: dict[str, str] = {}
        self._plugs: dict[tuple[Plug, ...], tuple[Plug, ...]] = {}

    def read_response(self, response: msgspec.Raw) -> None:
        """Decode an envelope, a list of envelopes, or a bare list of stations."""
        if not _is_object(response):
            for raw in _split(response):
                stations = self._open(raw, bare=True)
                for station in [raw] if stations is None else _split(stations):
                    self._read(station)
            return
        stations = self._open(response, bare=False)
        if stations is None:
            raise NotReadableError(
                "this is not a response of the register: it has no list of stations"
            )
        for station in _split(stations):
            self._read(station)

    def _open(self, response: msgspec.Raw, *, bare: bool) -> msgspec.Raw | None:
        """Return the stations of an envelope, or None if it is not one.

        An entry of a ``bare`` list may be a station instead.
        """
        try:
            found = _envelope(response)
        except DECODE_ERRORS as error:
            if bare:
                return None
            raise _no_answer(error) from None
        if bytes(memoryview(found.stations)[:5]) not in (b"", b"null"):
            self.rights = self.rights or text_of(found.rights)
            return found.stations
        if found.error and not (bare and decode_entry(response)):
            raise ComplaintError(
                text_of(found.error, MAX_PROSE) or "an error without a description"
            )
        return None

    def _read(self, raw: msgspec.Raw) -> None:
        """Decode one station, or count it as unreadable."""
        station = decode_entry(raw)
        identity = station.entry.id if station is not None else None
        identity = identity.strip() if isinstance(identity, str) else ""
        if station is None or not (0 < len(identity) <= MAX_STATION_ID and identity.isprintable()):
            self.unreadable += 1
            return
        if station.mended:
            self.problems["stations with fields of an unexpected type"] += 1
        if identity in self.facts:
            self.problems["duplicate stations: the last one is used"] += 1
        self.facts[identity] = self._facts(station.entry, station.attributes)

    def _facts(self, entry: Entry, attributes: Attributes) -> Facts:
        share, site = self._share, attributes.site
        plugs, plug_evse_uids = self._outlets(attributes.outlets)
        return Facts(
            name=text_of(entry.name),
            place=share(place_of(entry.city)),
            street=f"{text_of(entry.street)} {text_of(entry.house_number, 12)}".strip(),
            operator=share(text_of(entry.operator)),
            position=self._position(entry.position),
            plugs=plugs,
            owner=share(text_of(entry.owner)),
            municipality=share(place_of(entry.municipality)),
            county=share(place_of(entry.county)),
            zipcode=share(text_of(entry.zipcode, 12)),
            country=share(country_code(entry.country)),
            opening=share(opening_of(site.opening)),
            parking_fee=yes_or_no(site.parking_fee),
            availability=share(words_of(site.availability)),
            description=share(text_of(entry.description, MAX_PROSE)),
            comment=share(text_of(entry.comment, MAX_PROSE)),
            contact=share(text_of(entry.contact, MAX_PROSE)),
            plug_evse_uids=plug_evse_uids,
        )

    def _share(self, text: str) -> str:
        return self._shared.setdefault(text, text)

    def _outlets(self, outlets: list[Outlet]) -> tuple[tuple[Plug, ...], tuple[str, ...]]:
        if not outlets:
            self.problems["stations without connectors"] += 1
            return (), ()
        if len(outlets) > MAX_CONNECTORS:
            self.problems["stations with too many connectors: the last ones are ignored"] += 1
            del outlets[MAX_CONNECTORS:]
        plugs = tuple(map(self._plug, outlets))
        plug_evse_uids = tuple(evse_uid_of(outlet.evse) for outlet in outlets)
        return self._plugs.setdefault(plugs, plugs), plug_evse_uids if any(plug_evse_uids) else ()

    def _plug(self, outlet: Outlet) -> Plug:
        plug = plug_of(words_of(outlet.kind), number_of(outlet.kind), words_of(outlet.capacity))
        if not plug.name:
            self.problems["connectors without a known type"] += 1
        if not plug.kw:
            self.problems["connectors without a known power"] += 1
        return plug

    def _position(self, value: Any) -> Position | None:
        problem = "stations without a position"
        match = None
        if value is not None and value != "":
            problem = "positions that cannot be read"
            match = _POSITION.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is not None:
            position = float(match[1]), float(match[2])
            if any(round(degrees, 2) for degrees in position) and is_position(*position):
                return position
            problem = "positions at 0,0" if is_position(*position) else "positions out of range"
        self.problems[problem] += 1
        return None


def _split(stations: msgspec.Raw) -> Iterator[msgspec.Raw]:
    try:
        found = _stations(stations)
    except DECODE_ERRORS as error:
        raise _no_answer(error) from None
    yield from found.values() if isinstance(found, dict) else found


def _is_object(response: msgspec.Raw) -> bool:
    return bytes(memoryview(response)[:64]).lstrip().startswith(b"{")


def _no_answer(error: Exception) -> NotReadableError:
    return NotReadableError(f"this is not a response of the register: {safe_text(str(error))}")
