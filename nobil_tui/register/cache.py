"""The stored station register: a file that loads fast enough to show names as soon as the list
appears.

Texts that stations share are stored once, and a station is a row of indexes into them. A file that
cannot be read is kept until a new register replaces it.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Annotated, NamedTuple, cast

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import astuple

from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.base.files import make_folders, read_regular, replace_file, stamp
from nobil_tui.charging.geo import Position
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Facts, Plug, Plugs, country_name, country_of
from nobil_tui.wire.finland import FINLAND_CREDIT

CACHE_VERSION = 2
"""Version of the file format."""
MAX_CACHE_BYTES = 256 * 1024 * 1024
"""The maximum size of the file in bytes; one country takes up to ten million."""
_FORMAT = "nobil-tui register"


class CacheError(Exception):
    """The stored register cannot be read or written. The text says which file, why, and what to
    do."""


class DamagedCacheError(CacheError):
    """The file is not a register that this version can read. Saving a register replaces it."""


class Origin(Struct, frozen=True):
    """The origin of the stations of one country."""

    fetched_at: int
    """Time of the download, in ms since the epoch."""
    source: str = ""
    """The host or the file."""
    stations: int = 0
    etag: str = ""
    """The server's ``ETag``, for conditional requests; empty if it sent none."""
    last_modified: str = ""
    """The server's ``Last-Modified``, unparsed; empty if it sent none."""
    rights: str = ""
    """Their licence, if it differs from that of the register as a whole."""
    tariffs_etag: str = ""
    """The ``ETag`` of the tariffs of these stations, if they are a separate response."""
    without_prices: bool = False
    """Whether the tariffs could not be fetched, so that the next update is due at once."""


class CachedRegister(NamedTuple):
    """The contents of the register file."""

    facts: dict[str, Facts]
    """By station id."""
    origins: dict[str, Origin]
    """By country (NOBIL's three-letter code), or by provider; see ``origin_of``."""


FINLAND_ORIGIN = "finland"
"""Origin of the stations that Fintraffic publishes. NOBIL's stations in Finland are separate."""


def origin_of(station: str, facts: Facts) -> str:
    """Return the key of the origin that a station belongs to."""
    return FINLAND_ORIGIN if facts.credit == FINLAND_CREDIT else country_of(station, facts)


def origin_name(origin: str) -> str:
    """Return the display name of an origin."""
    return "Finland (Fintraffic)" if origin == FINLAND_ORIGIN else country_name(origin)


Index = Annotated[int, Meta(ge=0)]


class _Row(Struct, array_like=True, gc=False):
    """A station; texts, plugs and prices are indexes."""

    id: str
    name: Index
    place: Index
    street: Index
    operator: Index
    position: Position | None
    plugs: Index
    owner: Index
    municipality: Index
    county: Index
    zipcode: Index
    country: Index
    opening: Index
    parking_fee: bool | None
    availability: Index
    description: Index
    comment: Index
    contact: Index
    plug_evse_uids: tuple[str, ...]
    prices: Index
    credit: Index


_Amount = float | None
_Price = tuple[str, _Amount, _Amount, _Amount, _Amount, bool, bool]


class _Body(Struct):
    origins: dict[str, Origin]
    texts: list[str]
    plugs: list[list[tuple[str, float]]]
    prices: list[list[_Price | None]]
    rows: list[_Row]


class _File(Struct):
    format: str
    version: int
    check: int = 0
    body: msgspec.Raw = msgspec.Raw()


_file = msgspec.msgpack.Decoder(_File).decode
_body = msgspec.msgpack.Decoder(_Body).decode
_encode = msgspec.msgpack.Encoder().encode


def save_register(path: Path, facts: dict[str, Facts], origins: dict[str, Origin]) -> None:
    """Save a register atomically. Raises ``CacheError``."""
    body = _encode(_packed(facts, origins))
    content = _encode(_File(_FORMAT, CACHE_VERSION, zlib.crc32(body), msgspec.Raw(body)))
    try:
        make_folders(path.parent)
        kept = replace_file(path, content, stamp(path))
    except OSError as error:
        raise CacheError(
            f"Could not save the register: {path}: {error.strerror or 'the system refuses'}."
        ) from None
    if not kept:
        raise CacheError(
            f"Could not save the register: {path}: another program has just stored one. Try again."
        )


def load_register(path: Path) -> CachedRegister | None:
    """Load a register; return None if there is no file.

    Raises ``CacheError``; ``DamagedCacheError`` if the file is not a register. The file is not
    changed.
    """
    try:
        content = read_regular(path, MAX_CACHE_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CacheError(
            f"The register cannot be read: {path}: {error.strerror or 'the system refuses'}."
        ) from None
    try:
        file = _file(content)
    except DECODE_ERRORS:
        raise DamagedCacheError(_renew(path, "is not a register, or is damaged")) from None
    if file.format != _FORMAT:
        raise DamagedCacheError(_renew(path, "is not a register"))
    if file.version != CACHE_VERSION:
        age = "a newer" if file.version > CACHE_VERSION else "an older"
        raise DamagedCacheError(_renew(path, f"was written by {age} version of this program"))
    try:
        if zlib.crc32(file.body) != file.check:
            raise DamagedCacheError(_renew(path, "is damaged"))
        return _unpacked(_body(file.body))
    except (*DECODE_ERRORS, IndexError):
        raise DamagedCacheError(_renew(path, "is damaged")) from None


def _renew(path: Path, what: str) -> str:
    return f'The stored register {what}: {path}. "nobil-tui register update" writes a new one.'


def _packed(facts: dict[str, Facts], origins: dict[str, Origin]) -> _Body:
    texts: dict[str, int] = {"": 0}
    plugs: dict[Plugs, int] = {}
    prices: dict[tuple[Price | None, ...], int] = {}

    def text(said: str) -> int:
        return texts.setdefault(said, len(texts))

    rows = [
        _Row(
            station,
            text(known.name),
            text(known.place),
            text(known.street),
            text(known.operator),
            known.position,
            plugs.setdefault(known.plugs, len(plugs)),
            text(known.owner),
            text(known.municipality),
            text(known.county),
            text(known.zipcode),
            text(known.country),
            text(known.opening),
            known.parking_fee,
            text(known.availability),
            text(known.description),
            text(known.comment),
            text(known.contact),
            known.plug_evse_uids,
            prices.setdefault(known.prices, len(prices)),
            text(known.credit),
        )
        for station, known in facts.items()
    ]
    return _Body(
        origins,
        list(texts),
        [[(plug.name, plug.kw) for plug in some] for some in plugs],
        [
            [None if price is None else cast(_Price, astuple(price)) for price in some]
            for some in prices
        ],
        rows,
    )


def _unpacked(body: _Body) -> CachedRegister:
    texts = body.texts
    single: dict[tuple[str, float], Plug] = {}
    plugs = [tuple(single.setdefault(plug, Plug(*plug)) for plug in some) for some in body.plugs]
    one: dict[_Price | None, Price | None] = {None: None}
    prices = [
        tuple(one.get(each) or one.setdefault(each, each and Price(*each)) for each in some)
        for some in body.prices
    ]
    facts = {
        row.id: Facts(
            texts[row.name],
            texts[row.place],
            texts[row.street],
            texts[row.operator],
            row.position,
            plugs[row.plugs],
            texts[row.owner],
            texts[row.municipality],
            texts[row.county],
            texts[row.zipcode],
            texts[row.country],
            texts[row.opening],
            row.parking_fee,
            texts[row.availability],
            texts[row.description],
            texts[row.comment],
            texts[row.contact],
            row.plug_evse_uids,
            prices[row.prices],
            texts[row.credit],
        )
        for row in body.rows
    }
    return CachedRegister(facts, body.origins)
