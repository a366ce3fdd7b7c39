"""The JSON structure of one station of NOBIL's datadump, and its salvage if types differ."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field

from nobil_tui.base.decoding import DECODE_ERRORS


class Attribute(Struct, gc=False):
    """One attribute of a station or an outlet; it is keyed by its number."""

    number: Any = field(name="attrvalid", default=None)
    words: Any = field(name="trans", default=None)
    value: Any = field(name="attrval", default=None)


class Outlet(Struct, gc=False):
    """One entry of ``conn``."""

    kind: Attribute | None = field(name="4", default=None)
    capacity: Attribute | None = field(name="5", default=None)
    evse: Attribute | None = field(name="27", default=None)


class Site(Struct, gc=False):
    """The attributes of the station itself, ``st``."""

    availability: Attribute | None = field(name="2", default=None)
    parking_fee: Attribute | None = field(name="7", default=None)
    opening: Attribute | None = field(name="24", default=None)


Outlets = dict[str, Outlet | None] | list[Outlet | None] | None


class Attributes(Struct, gc=False):
    """The attributes of a station and its outlets. An empty object is sent as an empty list."""

    st: Site | list[Any] | None = None
    conn: Outlets = None

    @property
    def site(self) -> Site:
        """The station's own attributes; all None if it has none."""
        return self.st if isinstance(self.st, Site) else Site()

    @property
    def outlets(self) -> list[Outlet]:
        """The outlets, sorted by number; an outlet that is null is kept as an empty one."""
        found = self.conn or []
        if isinstance(found, dict):
            found = [found[key] for key in sorted(found, key=_number)]
        return [outlet or Outlet() for outlet in found]


class Entry(Struct, gc=False, rename="pascal"):
    """The fields of ``csmd``."""

    name: Any = field(name="name", default=None)
    street: Any = None
    house_number: Any = field(name="House_number", default=None)
    zipcode: Any = None
    city: Any = None
    municipality: Any = None
    county: Any = None
    description: Any = field(name="Description_of_location", default=None)
    owner: Any = field(name="Owned_by", default=None)
    operator: Any = None
    position: Any = None
    comment: Any = field(name="User_comment", default=None)
    contact: Any = field(name="Contact_info", default=None)
    country: Any = field(name="Land_code", default=None)
    id: Any = field(name="International_id", default=None)


class _Whole(Struct, gc=False):
    csmd: Entry
    attr: Attributes | list[Any] | None = None


class DecodedEntry(NamedTuple):
    """A station, and whether fields of an unexpected type had to be dropped."""

    entry: Entry
    attributes: Attributes
    mended: bool


_whole = msgspec.json.Decoder(_Whole).decode
_anything = msgspec.json.Decoder().decode


def decode_entry(raw: msgspec.Raw) -> DecodedEntry | None:
    """Decode a station; return None if it is not one."""
    try:
        whole = _whole(raw)
    except DECODE_ERRORS:
        return _mended(raw)
    return DecodedEntry(
        whole.csmd, whole.attr if isinstance(whole.attr, Attributes) else Attributes(), False
    )


def _mended(raw: msgspec.Raw) -> DecodedEntry | None:
    """Decode a station without the attributes that are of an unexpected type."""
    try:
        found = _anything(raw)
    except DECODE_ERRORS:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("csmd"), dict):
        return None
    attributes = found.get("attr")
    site, outlets = (
        (attributes.get("st"), attributes.get("conn"))
        if isinstance(attributes, dict)
        else (None, None)
    )
    pairs = (
        outlets.items()
        if isinstance(outlets, dict)
        else enumerate(outlets if isinstance(outlets, list) else ())
    )
    return DecodedEntry(
        msgspec.convert(found["csmd"], Entry),
        Attributes(
            msgspec.convert(_objects(site), Site),
            {str(key): msgspec.convert(_objects(outlet), Outlet) for key, outlet in pairs},
        ),
        True,
    )


def _objects(value: Any) -> dict[str, dict[str, Any]]:
    """Return the members of an object that are objects themselves."""
    return (
        {key: inner for key, inner in value.items() if isinstance(inner, dict)}
        if isinstance(value, dict)
        else {}
    )


def _number(key: str) -> int:
    return int(key) if key.isdecimal() and len(key) < 9 else 10**9
