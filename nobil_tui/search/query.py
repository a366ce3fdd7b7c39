"""The filter language: plain words and fields, as in ``ccs >=150kw free op:recharge oslo``.

A station must match every term. A leading ``-`` negates a term, quotes keep words together, and
commas in the value of a field mean "any of these". What cannot be understood is left out and
reported as a ``FilterProblem``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from math import inf, nextafter
from typing import TypeVar

from msgspec import Struct

from nobil_tui.charging.geo import Position, is_position
from nobil_tui.search.fields import (
    COUNTRIES,
    COUNTRY_BY_NAME,
    FIELD_BY_NAME,
    FIELDS,
    PLUG_BY_NAME,
    Field,
    FieldKind,
)
from nobil_tui.search.folding import fold_line
from nobil_tui.search.plug_terms import Not, PlugFilter, PlugName, PowerRange
from nobil_tui.search.terms import (
    CountryTerm,
    DistanceTerm,
    LiveState,
    LiveTerm,
    PriceTerm,
    Term,
    TextTerm,
    needles_of,
)

_T = TypeVar("_T")

MAX_FILTER_LENGTH = 500
"""Characters of a filter that are read."""

_STATES = {state.value: state for state in LiveState}
_MAX_KM = 20_040.0
"""Half of the earth's circumference."""


class FilterProblem(Struct, frozen=True):
    """A part of a filter that is not understood and left out."""

    start: int
    """The offset of its first character in the text."""
    end: int
    message: str
    """What is wrong and what would be right."""


class Query(Struct, frozen=True):
    """A parsed filter. A station must match every term."""

    text: str
    """As typed."""
    terms: tuple[Term, ...] = ()
    """The static terms, ``plugs`` among them."""
    plugs: PlugFilter = PlugFilter()
    """The plugs of the filter: only connectors with them are counted."""
    states: tuple[LiveTerm, ...] = ()
    near: Position | None = None
    """The position that distances are measured from, if the text names one."""
    problems: tuple[FilterProblem, ...] = ()

    def __bool__(self) -> bool:
        """Return whether it has a term: an empty query matches every station."""
        return bool(self.terms or self.states)

    @property
    def is_live(self) -> bool:
        """Whether reports can change which stations match."""
        return bool(self.states)


def parse_query(text: str, home: Position | None = None) -> Query:
    """Parse a filter. Never raises: see ``Query.problems``.

    ``home`` is the position that ``near`` and ``within:`` mean without coordinates.
    """
    parser = _Parser(text, home)
    token, cut = _token(), text[:MAX_FILTER_LENGTH]
    at = 0
    while at < len(cut):
        match = token.match(cut, at)
        if match is None or match.end() == at:
            at += 1
            continue
        if not cut[at].isspace():
            parser.read(match)
        at = match.end()
    return parser.query()


@cache
def _token() -> re.Pattern[str]:
    """Compile the pattern of a token, on first use: the first paint need not wait for it."""
    number = r"\d{1,9}(?:[.,]\d{1,9})?"
    degrees = r"[-+]?\d{1,3}(?:\.\d{1,15})?"
    return re.compile(
        rf"""
        (?P<minus>-?)
        (?:
          (?P<range>(?P<from>{number})\s*[-–]\s*(?P<to>{number})\s*kw(?!\S))
        | (?P<power>(?P<sign>[<>]=?|[=≤≥])\s*(?P<limit>{number})\s*(?:kw)?(?!\S))
        | (?P<exact>(?P<kw>{number})\s*kw(?!\S))
        | (?P<price>price:?\s*(?P<relation>[<>]=?|[=≤≥])\s*(?P<amount>{number})(?!\S))
        | (?P<comparison>[<>≤≥=]\S*)
        | (?P<type>typ[e]?\s[123](?!\S))
        | (?P<place>near:\s*(?P<latitude>{degrees})\s*[,;]\s*(?P<longitude>{degrees})(?!\S))
        | (?P<radius>within:\s*(?P<reach>{number})\s*(?P<unit>km|m)?(?!\S))
        | (?:(?P<field>[^\W\d_]+):(?!//))?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]*))
        )
        """,
        re.VERBOSE | re.IGNORECASE,
    )


class _Parser:
    """Builds a query, token by token."""

    def __init__(self, text: str, home: Position | None) -> None:
        self._text = text
        self._home = home
        self._terms: list[Term] = []
        self._excluded: list[Term] = []
        self._names: list[PlugName] = []
        self._powers: list[PowerRange] = []
        self._states: list[LiveTerm] = []
        self._near: Position | None = None
        self._radii: list[tuple[float, bool, re.Match[str]]] = []
        self._problems: list[FilterProblem] = []

    def query(self) -> Query:
        """Return the query of all tokens read."""
        self._add_radii()
        plugs = PlugFilter(_unique(self._names), _unique(self._powers))
        # The terms that keep the fewest stations come first.
        terms = _unique([*self._terms, *([plugs] if plugs else []), *self._excluded])
        length = len(self._text)
        if length > MAX_FILTER_LENGTH:
            message = f"only the first {MAX_FILTER_LENGTH} characters are read"
            self._problems.append(FilterProblem(MAX_FILTER_LENGTH, length, message))
        problems = tuple(sorted(self._problems, key=lambda problem: problem.start))
        return Query(self._text, terms, plugs, _unique(self._states), self._near, problems)

    def read(self, token: re.Match[str]) -> None:
        """Add one token."""
        groups = token.groupdict()
        negated = bool(groups["minus"])
        if groups["range"]:
            low, high = sorted((_number(groups["from"]), _number(groups["to"])))
            self._add_power(PowerRange(low, high, f"{low:g} to {high:g} kW"), negated)
        elif groups["power"]:
            self._add_power(_power_range(groups["sign"], _number(groups["limit"])), negated)
        elif groups["exact"]:
            self._add_power(_power_range("=", _number(groups["kw"])), negated)
        elif groups["comparison"]:
            sign = groups["comparison"][0]
            self._report(token, f"{sign} needs a number of kW, as in >=150kw")
        elif groups["type"]:
            self._add_plug(PlugName((f"type{groups['type'][-1]}",)), negated)
        elif groups["place"]:
            self._add_origin(token, float(groups["latitude"]), float(groups["longitude"]))
        elif groups["radius"]:
            metres = (groups["unit"] or "").lower() == "m"
            self._radii.append((_number(groups["reach"]) / (1000 if metres else 1), negated, token))
        elif groups["price"]:
            least, most = _price_range(groups["relation"], _number(groups["amount"]))
            self._terms.append(PriceTerm(least, most, negated))
        elif groups["field"]:
            self._read_field(token, groups["field"], negated)
        elif groups["quoted"] is not None:
            self._add_text("", (groups["quoted"],), negated)
        else:
            self._read_word(token, groups["plain"], negated)

    def _read_word(self, token: re.Match[str], word: str, negated: bool) -> None:
        """Add a word without a field: a plug, a state, ``near``, or a text."""
        folded = fold_line(word)
        if (plug := PLUG_BY_NAME.get(folded)) is not None:
            self._add_plug(PlugName((plug.name,), plug.is_brand), negated)
        elif folded in _STATES:
            self._states.append(LiveTerm(_STATES[folded], negated))
        elif folded == "near":
            self._add_home(token)
        else:
            self._add_text("", (word,), negated)

    def _read_field(self, token: re.Match[str], name: str, negated: bool) -> None:
        field = FIELD_BY_NAME.get(name.lower())
        if field is None:
            meant = _closest(name.lower(), FIELD_BY_NAME)
            hint = (
                f"did you mean {FIELD_BY_NAME[meant].name}:?"
                if meant
                else f"the fields are {', '.join(FIELDS)}"
            )
            self._report(token, f"unknown field {name}: – {hint}")
            return
        quoted, plain = token["quoted"], token["plain"] or ""
        values = (quoted,) if quoted is not None else tuple(plain.split(","))
        values = tuple(value for value in values if value.strip())
        if not values:
            self._report_value(token, field)
            return
        match field.kind:
            case FieldKind.TEXT:
                self._add_text(field.name, values, negated)
            case FieldKind.COUNTRY:
                self._add_country(token, values, negated)
            case FieldKind.PLUG:
                self._add_plug_field(token, values, negated)
            case FieldKind.NEAR if fold_line(values[0]) == "home":
                self._add_home(token)
            case FieldKind.NEAR | FieldKind.WITHIN | FieldKind.PRICE:
                # A valid value is a token of its own.
                self._report_value(token, field)

    # One kind of term each

    def _add_text(self, field: str, values: tuple[str, ...], negated: bool) -> None:
        needles = needles_of(values)
        if needles:
            self._terms.append(TextTerm(field, needles, negated))

    def _add_power(self, power: PowerRange, negated: bool) -> None:
        if negated:
            self._excluded.append(Not(PlugFilter((), (power,))))
        else:
            self._powers.append(power)

    def _add_plug(self, name: PlugName, negated: bool) -> None:
        if negated:
            self._excluded.append(Not(PlugFilter((name,))))
        else:
            self._names.append(name)

    def _add_plug_field(self, token: re.Match[str], values: tuple[str, ...], negated: bool) -> None:
        kinds = []
        for value in values:
            kind = fold_line(value).replace(" ", "")
            plug = PLUG_BY_NAME.get(kind)
            kinds.append(plug.name if plug is not None else kind)
            meant = _closest(kind, PLUG_BY_NAME)
            # The register may have a plug that is not in the table, but a typo is reported.
            if meant and not meant.startswith(kind):
                self._report(token, f"unknown plug {value} – did you mean {meant}?")
                return
        self._add_plug(PlugName(tuple(kinds)), negated)

    def _add_country(self, token: re.Match[str], values: tuple[str, ...], negated: bool) -> None:
        codes = []
        for value in values:
            name = fold_line(value)
            code = COUNTRY_BY_NAME.get(name)
            if code is None:
                meant = _closest(name, COUNTRY_BY_NAME)
                known = ", ".join(COUNTRIES).lower()
                hint = f"did you mean {meant}?" if meant else f"the countries are {known}"
                self._report(token, f"unknown country {value} – {hint}")
                return
            codes.append(code)
        self._terms.append(CountryTerm(tuple(codes), negated))

    def _add_home(self, token: re.Match[str]) -> None:
        if self._home is None:
            hint = f"press H on a station, or give coordinates: {FIELDS['near'].example}"
            self._report(token, f"no home position – {hint}")
        else:
            self._add_origin(token, *self._home)

    def _add_origin(self, token: re.Match[str], latitude: float, longitude: float) -> None:
        if token["minus"]:
            self._report(token, "near cannot be negated – -within:20km excludes what is close")
        elif not is_position(latitude, longitude):
            self._report(token, "no such position: latitude is up to 90 degrees, longitude 180")
        elif self._near is not None and self._near != (latitude, longitude):
            self._report(token, "only one position is possible")
        else:
            self._near = (latitude, longitude)
            self._terms.append(DistanceTerm(self._near))

    def _add_radii(self) -> None:
        """Add the distances, from the position wherever the text names one, else from home."""
        centre = self._near or self._home
        near, within = FIELDS["near"], FIELDS["within"]
        for km, negated, token in self._radii:
            if not 0 < km <= _MAX_KM:
                example = f"as in {within.example}"
                self._report(token, f"within: needs a distance up to {_MAX_KM:,.0f} km, {example}")
            elif centre is None:
                hint = f"press H on a station, or give coordinates: {near.example}"
                self._report(token, f"within of what? – {hint}")
            else:
                self._near = centre
                self._terms.append(DistanceTerm(centre, km, negated))

    def _report_value(self, token: re.Match[str], field: Field) -> None:
        self._report(token, f"{field.name}: needs {field.value}, as in {field.example}")

    def _report(self, token: re.Match[str], message: str) -> None:
        self._problems.append(FilterProblem(token.start(), token.end(), message))


def _closest(word: str, known: Iterable[str]) -> str:
    """Return the known word that begins with ``word``, else one similar to it, else nothing."""
    from difflib import get_close_matches

    begun = [name for name in known if word and name.startswith(word)]
    return next(iter(begun or get_close_matches(word, known, 1, 0.7)), "")


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _power_range(sign: str, kw: float) -> PowerRange:
    ranges: dict[str, Callable[[float], PowerRange]] = {
        ">": lambda n: PowerRange(nextafter(n, inf), inf, f"more than {n:g} kW"),
        "<": lambda n: PowerRange(0, nextafter(n, -inf), f"less than {n:g} kW"),
        "=": lambda n: PowerRange(n - 0.05, n + 0.05, f"{n:g} kW"),
        "≥": lambda n: PowerRange(n, inf, f"{n:g} kW or more"),
        "≤": lambda n: PowerRange(0, n, f"{n:g} kW or less"),
    }
    return ranges[{">=": "≥", "<=": "≤"}.get(sign, sign)](kw)


def _price_range(relation: str, amount: float) -> tuple[float, float]:
    """Return the bounds of a price, included."""
    match relation.replace("<=", "≤").replace(">=", "≥"):
        case "<":
            return 0.0, nextafter(amount, -inf)
        case "≤":
            return 0.0, amount
        case ">":
            return nextafter(amount, inf), inf
        case "≥":
            return amount, inf
        case _:
            # As prices are shown: to the cent.
            return amount - 0.005, nextafter(amount + 0.005, -inf)


def _unique(terms: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(terms))
