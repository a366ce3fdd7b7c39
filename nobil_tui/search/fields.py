"""Tables of the filter language: fields, plugs, facts and countries.

The parser, the completion, the searched text and the error messages derive from these tables. A
field that searches text is one row here; a new kind of value also needs a parser in
``filter_parser.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, auto
from functools import lru_cache

from msgspec import Struct

from nobil_tui.base.text import one_of
from nobil_tui.charging.register import Facts
from nobil_tui.search.folding import fold
from nobil_tui.search.sorting import Sort

FieldValues = Mapping[str, Sequence[str]]
"""The values that the register has for each field, by the field's name, most frequent first."""


class FieldKind(Enum):
    """How the value of a field is read."""

    TEXT = auto()
    """A part of the text in one of the field's columns."""
    COUNTRY = auto()
    PLUG = auto()
    NEAR = auto()
    """A latitude and a longitude, ``home``, or a place of the known stations."""
    WITHIN = auto()
    """A distance."""
    PRICE = auto()
    """A comparison with the price of a kWh."""
    PARKING = auto()
    """``free`` or ``paid``."""
    SORT = auto()
    """An order of the list; negated, the reverse of it."""


class Field(Struct, frozen=True):
    """A field of the filter language, written ``name:value``."""

    name: str
    kind: FieldKind
    value: str
    """A description of the value, with its article, for error messages."""
    example: str
    aliases: tuple[str, ...] = ()
    """Other accepted names, which the completion does not offer."""
    columns: tuple[str, ...] = ()
    """The texts that a field of the kind TEXT searches: ``id``, or attributes of ``Facts``."""
    fallback: str = ""
    """The column to search where the first one is empty."""
    suggestions: tuple[str, ...] = ()
    """Values that are always offered."""
    values_of: Callable[[Facts], Iterable[str]] | None = None
    """Returns the values that a station contributes to the completion."""


class PlugWord(Struct, frozen=True):
    """A plug that can be searched without a field."""

    name: str
    label: str
    aliases: tuple[str, ...] = ()
    is_brand: bool = False
    """Whether it is also the name of a company."""


PLUGS = (
    PlugWord("ccs", "CCS", ("combo", "ccs2", "combo2")),
    PlugWord("chademo", "CHAdeMO", ("cha",)),
    PlugWord("type2", "Type 2", ("t2", "mennekes", "typ2")),
    PlugWord("type1", "Type 1", ("t1", "typ1")),
    PlugWord("tesla", "Tesla", is_brand=True),
    PlugWord("schuko", "Schuko"),
    PlugWord("mcs", "MCS"),
)
"""In the order of completion."""


class FactWord(Struct, frozen=True):
    """A word for a fact of the register, which can be true, false or unknown for a station."""

    name: str
    of: Callable[[Facts], bool | None]
    """Returns whether it is true; None if that is not known."""


FACT_WORDS = {
    word.name: word
    for word in (
        FactWord("24h", lambda facts: facts.opening == "open 24h" if facts.opening else None),
        FactWord(
            "public",
            lambda facts: facts.availability.casefold() == "public" if facts.availability else None,
        ),
        FactWord("fee", lambda facts: facts.parking_fee),
    )
}
"""By the word; ``fee`` is that of parking."""

COUNTRIES = {
    "NOR": ("no", "norway", "norge"),
    "SWE": ("se", "sweden", "sverige"),
    "DAN": ("dk", "dnk", "denmark", "danmark"),
    "FIN": ("fi", "finland", "suomi"),
    "ISL": ("is", "iceland", "island"),
}
"""The countries of the streams by NOBIL's letters, with their other names."""


@lru_cache(maxsize=1024)
def plug_kinds(name: str) -> tuple[str, ...]:
    """Split a plug's name into comparable parts: ``Type 2 + Schuko`` into ``type2``, ``schuko``."""
    return tuple(kind for part in name.split("+") if (kind := fold(part).replace(" ", "")))


def _kinds_of_station(facts: Facts) -> Iterable[str]:
    return (kind for plug in facts.plugs for kind in plug_kinds(plug.name))


_TABLE = (
    Field(
        "name",
        FieldKind.TEXT,
        "part of a name",
        "name:torget",
        columns=("name",),
        # A station without a name is called by its id.
        fallback="id",
    ),
    Field(
        "op",
        FieldKind.TEXT,
        "an operator",
        "op:recharge",
        aliases=("operator",),
        columns=("operator",),
        # Most stations without an operator are run by their owner.
        fallback="owner",
        values_of=lambda facts: (facts.operator or facts.owner,),
    ),
    Field(
        "owner",
        FieldKind.TEXT,
        "an owner",
        "owner:kommune",
        columns=("owner",),
        values_of=lambda facts: (facts.owner,),
    ),
    Field(
        "place",
        FieldKind.TEXT,
        "a town, municipality, county or postcode",
        "place:oslo",
        aliases=("city", "town"),
        columns=("place", "municipality", "county", "zipcode"),
        values_of=lambda facts: (facts.place,),
    ),
    Field("street", FieldKind.TEXT, "a street", "street:storgata", columns=("street",)),
    Field("id", FieldKind.TEXT, "part of an id", "id:nor_01333", columns=("id",)),
    Field(
        "country",
        FieldKind.COUNTRY,
        "a country",
        "country:swe",
        suggestions=tuple(code.lower() for code in COUNTRIES),
    ),
    Field(
        "plug",
        FieldKind.PLUG,
        "a plug",
        "plug:ccs",
        aliases=("connector",),
        suggestions=tuple(plug.name for plug in PLUGS),
        values_of=_kinds_of_station,
    ),
    Field(
        "near",
        FieldKind.NEAR,
        "a place, or a latitude and a longitude",
        "near:59.91,10.75",
        suggestions=("home",),
        values_of=lambda facts: (facts.place,) if facts.position else (),
    ),
    Field(
        "within",
        FieldKind.WITHIN,
        "a distance",
        "within:20km",
        suggestions=("5km", "20km", "50km", "100km"),
    ),
    Field(
        "price",
        FieldKind.PRICE,
        "a comparison with the price of a kWh",
        "price<0.40",
        suggestions=("<0.30", "<0.40", "<0.50"),
    ),
    Field(
        "parking",
        FieldKind.PARKING,
        "free or paid",
        "parking:free",
        suggestions=("free", "paid"),
    ),
    Field(
        "sort",
        FieldKind.SORT,
        f"an order: {one_of(Sort)}",
        "sort:free",
        suggestions=tuple(Sort),
    ),
)

FIELDS = {field.name: field for field in _TABLE}
"""The fields by name, in the order of completion."""
FIELD_BY_NAME = {name: field for field in _TABLE for name in (field.name, *field.aliases)}
"""The fields by each of their names."""
PLUG_BY_NAME = {name: plug for plug in PLUGS for name in (plug.name, *plug.aliases)}
"""The plugs by each of their names."""
COUNTRY_BY_NAME = {
    name: code for code, others in COUNTRIES.items() for name in (code.lower(), *others)
}
"""The code of a country by each of its names."""
FILTER_EXAMPLES = (
    ("ccs>=150 free oslo", "stations in Oslo with a free CCS plug of 150 kW or more"),
    ("t2 22", "a plug as the list shows it: Type 2 with 22 kW"),
    ("oslo or bergen", "either word; or joins the two words beside it"),
    ("-tesla", "not this word"),
    ("free>=2", "at least two free connectors; also occupied, fault, unknown"),
    ("near:oslo within:20km", "around a place, nearest first; near alone is around home"),
    ("op:recharge", "one operator; also name, owner, place, street, id, plug, country"),
    ("price<0.40", "a known price per kWh below this"),
    ("24h public parking:free", "always open, public, with free parking; fee: paid parking"),
    ("starred sort:changed", "starred stations, last change first; -sort: reverses the order"),
    ("stale", "not confirmed for a while"),
)
"""Filters for the help, with what they find."""
COLUMNS = tuple(dict.fromkeys(("id", *(column for field in _TABLE for column in field.columns))))
"""The texts of a station that are searched, in the order in which a ``Document`` holds them."""
