"""The filter language: plain words and fields, as in ``ccs >=150kw free op:recharge oslo``.

A station must match every term. A leading ``-`` negates a term, quotes keep words together, commas
in the value of a field mean "any of these", and ``or`` joins the terms beside it. What cannot be
understood is left out and reported as a ``FilterProblem``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from nobil_tui.charging.geo import Position, is_position
from nobil_tui.search.fields import (
    COUNTRIES,
    COUNTRY_BY_NAME,
    FACT_WORDS,
    FIELD_BY_NAME,
    FIELDS,
    PLUG_BY_NAME,
    Field,
    FieldKind,
)
from nobil_tui.search.filter_tokens import (
    count_range,
    number_of_text,
    power_range,
    price_range,
    token_pattern,
)
from nobil_tui.search.folding import fold_line
from nobil_tui.search.places import PlaceFinder
from nobil_tui.search.plug_terms import AnyPlug, Not, PlugFilter, PlugName, PowerRange
from nobil_tui.search.sorting import Sort
from nobil_tui.search.terms import (
    AnyTerm,
    CountryTerm,
    DistanceTerm,
    Either,
    FactTerm,
    LiveState,
    LiveTerm,
    PriceTerm,
    StarredTerm,
    State,
    Term,
    TextTerm,
    needles_of,
)

_T = TypeVar("_T")

MAX_FILTER_LENGTH = 500
"""Characters of a filter that are read."""

_STATES = {state.value: state for state in LiveState}
_STARRED = "starred"
_OR = "or"
_PARKING = {"free": False, "paid": True}
"""The values of the field ``parking``: whether there is a fee."""
_UNFINISHED = re.compile(r"(?<!\w)(\w++)(?:[<>]=?|[=≤≥])")
"""A comparison without its number."""
_MAX_KM = 20_040.0
"""Half of the earth's circumference."""
_PLACE = re.compile(r"[^\W\d_]|^\d{4,5}$")
"""A name with a letter, or a postcode."""
_SHORT_NUMBER = re.compile(r"\d{1,2}")


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
    states: tuple[State, ...] = ()
    near: Position | None = None
    """The position that distances are measured from, if the text names one."""
    problems: tuple[FilterProblem, ...] = ()
    by_distance: bool = False
    """Whether the text asks for what is near, so that the nearest stations come first."""
    order: tuple[Sort, bool] | None = None
    """The order that the text asks for, and whether it is reversed."""
    names_place: bool = False
    """Whether it names a place, whose position depends on the known stations."""
    parts: tuple[str, ...] = ()
    """The texts of its terms; terms joined by ``or`` are one."""

    def __bool__(self) -> bool:
        """Return whether it has a term: an empty query matches every station."""
        return bool(self.terms or self.states)

    @property
    def is_live(self) -> bool:
        """Whether reports can change which stations match."""
        return any(True for _ in _live_terms(self.states))

    @property
    def asks_stale(self) -> bool:
        """Whether it asks for what is stale."""
        return any(term.state is LiveState.STALE for term in _live_terms(self.states))

    @property
    def asks_starred(self) -> bool:
        """Whether it asks for starred stations."""
        return any(
            isinstance(each, StarredTerm)
            for state in self.states
            for each in (state.terms if isinstance(state, Either) else (state,))
        )

    def without_live(self) -> Query:
        """Return the query without what reports can change."""
        return replace(
            self, states=tuple(each for each in self.states if not any(_live_terms((each,))))
        )


def parse_query(
    text: str, home: Position | None = None, places: PlaceFinder | None = None
) -> Query:
    """Parse a filter. Never raises: see ``Query.problems``.

    ``home`` is the position that ``near`` and ``within:`` mean without coordinates, and ``places``
    finds those that the text names.
    """
    parser = _Parser(text, home, places)
    token, cut = token_pattern(), text[:MAX_FILTER_LENGTH]
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


class _Plug(NamedTuple):
    """Plugs that a term asks for: by name, by power or both."""

    name: PlugName
    negated: bool

    @property
    def term(self) -> Term:
        """The same as a term for stations only, which selects no connectors."""
        plugs = PlugFilter((self.name,))
        return Not(plugs) if self.negated else plugs


class _Radius(NamedTuple):
    """A greatest distance, from a position that may be named later in the text."""

    km: float
    negated: bool
    token: re.Match[str]


_Piece = Term | LiveTerm | StarredTerm | _Plug | _Radius


class _Parser:
    """Builds a query, token by token."""

    def __init__(self, text: str, home: Position | None, places: PlaceFinder | None) -> None:
        self._text = text
        self._home = home
        self._places = places
        self._groups: list[list[_Piece]] = []
        """The pieces between which there is an ``or``, or one piece alone."""
        self._parts: list[tuple[int, int]] = []
        self._joins = False
        """Whether an ``or`` precedes the next token."""
        self._near: Position | None = None
        self._by_distance = False
        self._names_place = False
        self._order: tuple[Sort, bool] | None = None
        self._problems: list[FilterProblem] = []

    def query(self) -> Query:
        """Return the query of all tokens read."""
        terms: list[Term] = []
        excluded: list[Term] = []
        names: list[PlugName | AnyPlug] = []
        powers: list[PowerRange] = []
        states: list[State] = []
        for group in self._resolved():
            match _joined(group):
                case _Plug(name, False) if not name.kinds and name.power is not None:
                    powers.append(name.power)
                case _Plug(name, False):
                    names.append(name)
                case _Plug() as plug:
                    excluded.append(plug.term)
                case AnyPlug() as plugs_joined:
                    names.append(plugs_joined)
                case LiveTerm() | StarredTerm() | Either() as state:
                    states.append(state)
                case term:
                    terms.append(term)
        plugs = PlugFilter(_unique(names), _unique(powers))
        # The terms that keep the fewest stations come first.
        static = _unique([*terms, *([plugs] if plugs else []), *excluded])
        length = len(self._text)
        if length > MAX_FILTER_LENGTH:
            message = f"only the first {MAX_FILTER_LENGTH} characters are read"
            self._problems.append(FilterProblem(MAX_FILTER_LENGTH, length, message))
        return Query(
            self._text,
            static,
            plugs,
            _unique(states),
            self._near,
            tuple(sorted(self._problems, key=lambda problem: problem.start)),
            by_distance=self._by_distance,
            order=self._order,
            names_place=self._names_place,
            parts=tuple(self._text[start:end] for start, end in self._parts),
        )

    def read(self, token: re.Match[str]) -> None:
        """Add one token."""
        if token.group().lower() == _OR:
            self._joins = bool(self._groups)
            return
        piece = self._piece(token)
        if piece is None:
            return
        if self._joins:
            self._groups[-1].append(piece)
            self._parts[-1] = self._parts[-1][0], token.end()
        else:
            self._groups.append([piece])
            self._parts.append((token.start(), token.end()))
        self._joins = False

    def _piece(self, token: re.Match[str]) -> _Piece | None:
        """Return what a token means; None if it is reported or means nothing."""
        groups = token.groupdict()
        negated = bool(groups["minus"])
        if groups["range"]:
            low, high = sorted((number_of_text(groups["from"]), number_of_text(groups["to"])))
            return _power(PowerRange(low, high, f"{low:g} to {high:g} kW"), negated)
        if groups["power"]:
            return _power(power_range(groups["sign"], number_of_text(groups["limit"])), negated)
        if groups["exact"]:
            return _power(power_range("=", number_of_text(groups["kw"])), negated)
        if groups["price"]:
            amount = number_of_text(groups["amount"])
            return PriceTerm(*price_range(groups["relation"], amount), negated)
        if groups["printed"]:
            return _plug(
                groups["plug"], negated, power_range("=", number_of_text(groups["plugkw"]))
            )
        if groups["compared"]:
            return self._comparison(token, negated)
        if groups["comparison"]:
            sign = groups["comparison"][0]
            self._report(token, f"{sign} needs a number of kW, as in >=150kw")
            return None
        if groups["type"]:
            return _plug(groups["type"], negated)
        if groups["place"]:
            return self._origin(token, float(groups["latitude"]), float(groups["longitude"]))
        if groups["radius"]:
            metres = (groups["unit"] or "").lower() == "m"
            reach = number_of_text(groups["reach"]) / (1000 if metres else 1)
            return _Radius(reach, negated, token)
        if groups["field"]:
            return self._field(token, groups["field"], negated)
        if groups["quoted"] is not None:
            return _text("", (groups["quoted"],), negated)
        return self._word(token, groups["plain"], negated)

    def _comparison(self, token: re.Match[str], negated: bool) -> _Piece | None:
        """Return a plug with its power, or a count of connectors in a condition."""
        subject = fold_line(token["subject"])
        sign, number = token["how"], number_of_text(token["than"])
        if subject.replace(" ", "") in PLUG_BY_NAME:
            return _plug(subject, negated, power_range(sign, number))
        state = _STATES.get(subject)
        if state is not None and state is not LiveState.STALE:
            return LiveTerm(state, negated, *count_range(sign, number))
        self._report(token, f"{token['subject']} has no number – compare ccs>=150 or free>=2")
        return None

    def _word(self, token: re.Match[str], word: str, negated: bool) -> _Piece | None:
        """Return a word without a field: a plug, a state, a fact, ``near``, or a text."""
        folded = fold_line(word)
        if folded in PLUG_BY_NAME:
            return _plug(folded, negated)
        if folded in _STATES:
            return LiveTerm(_STATES[folded], negated)
        if folded == _STARRED:
            return StarredTerm(negated)
        if folded in FACT_WORDS:
            return FactTerm(folded, negated)
        if folded == "near":
            return self._from_home(token)
        if (unfinished := _UNFINISHED.fullmatch(folded)) and self._lacks_number(
            token, unfinished[1]
        ):
            return None
        return _text("", (word,), negated)

    def _lacks_number(self, token: re.Match[str], subject: str) -> bool:
        """Report a comparison without a number; return whether ``subject`` can be compared."""
        if subject in PLUG_BY_NAME:
            example = "ccs>=150"
        elif subject in _STATES:
            example = "free>=2"
        elif (field := FIELD_BY_NAME.get(subject)) and field.kind is FieldKind.PRICE:
            example = field.example
        else:
            return False
        self._report(token, f"{token['plain']} needs a number, as in {example}")
        return True

    def _field(self, token: re.Match[str], name: str, negated: bool) -> _Piece | None:
        field = FIELD_BY_NAME.get(name.lower())
        if field is None:
            meant = _closest(name.lower(), FIELD_BY_NAME)
            hint = (
                f"did you mean {FIELD_BY_NAME[meant].name}:?"
                if meant
                else f"the fields are {', '.join(FIELDS)}"
            )
            self._report(token, f"unknown field {name}: – {hint}")
            return None
        quoted, plain = token["quoted"], token["plain"] or ""
        values = (quoted,) if quoted is not None else tuple(plain.split(","))
        values = tuple(value for value in values if value.strip())
        if not values:
            self._report_value(token, field)
            return None
        match field.kind:
            case FieldKind.TEXT:
                return _text(field.name, values, negated)
            case FieldKind.COUNTRY:
                return self._country(token, values, negated)
            case FieldKind.PLUG:
                return self._plug_field(token, values, negated)
            case FieldKind.PARKING:
                return self._parking(token, field, values[0], negated)
            case FieldKind.SORT:
                if values[0].lower() in set(Sort):
                    self._order = Sort(values[0].lower()), negated
                else:
                    self._report_value(token, field)
                return None
            case FieldKind.NEAR if fold_line(values[0]) == "home":
                return self._from_home(token)
            case FieldKind.NEAR if _PLACE.search(values[0]):
                return self._from_place(token, quoted if quoted is not None else plain)
            case FieldKind.NEAR | FieldKind.WITHIN | FieldKind.PRICE:
                # A valid value is a token of its own.
                self._report_value(token, field)
                return None

    # One kind of field each

    def _parking(
        self, token: re.Match[str], field: Field, value: str, negated: bool
    ) -> FactTerm | None:
        fee = _PARKING.get(fold_line(value))
        if fee is None:
            self._report_value(token, field)
            return None
        return FactTerm("fee", negated=fee is negated)

    def _plug_field(
        self, token: re.Match[str], values: tuple[str, ...], negated: bool
    ) -> _Plug | None:
        kinds = []
        for value in values:
            kind = fold_line(value).replace(" ", "")
            plug = PLUG_BY_NAME.get(kind)
            kinds.append(plug.name if plug is not None else kind)
            meant = _closest(kind, PLUG_BY_NAME)
            # The register may have a plug that is not in the table, but a typo is reported.
            if meant and not meant.startswith(kind):
                self._report(token, f"unknown plug {value} – did you mean {meant}?")
                return None
        return _Plug(PlugName(tuple(kinds)), negated)

    def _country(
        self, token: re.Match[str], values: tuple[str, ...], negated: bool
    ) -> CountryTerm | None:
        codes = []
        for value in values:
            name = fold_line(value)
            code = COUNTRY_BY_NAME.get(name)
            if code is None:
                meant = _closest(name, COUNTRY_BY_NAME)
                known = ", ".join(COUNTRIES).lower()
                hint = f"did you mean {meant}?" if meant else f"the countries are {known}"
                self._report(token, f"unknown country {value} – {hint}")
                return None
            codes.append(code)
        return CountryTerm(tuple(codes), negated)

    # Positions

    def _from_home(self, token: re.Match[str]) -> DistanceTerm | None:
        if self._home is None:
            self._report(token, "no home – press H on a station, or name a place: near:oslo")
            return None
        return self._origin(token, *self._home)

    def _from_place(self, token: re.Match[str], name: str) -> DistanceTerm | None:
        self._names_place = True
        position = self._places.find(name) if self._places is not None else None
        if position is not None:
            return self._origin(token, *position)
        near = self._places.similar(name) if self._places is not None else ""
        hint = f"did you mean {near}?" if near else "give coordinates: near:59.91,10.75"
        self._report(token, f"no station is in {name} – {hint}")
        return None

    def _origin(
        self, token: re.Match[str], latitude: float, longitude: float
    ) -> DistanceTerm | None:
        if token["minus"]:
            self._report(token, "near cannot be negated – -within:20km excludes what is close")
        elif not is_position(latitude, longitude):
            self._report(token, "no such position: latitude is up to 90 degrees, longitude 180")
        elif self._near is not None and self._near != (latitude, longitude):
            self._report(token, "only one position is possible")
        else:
            self._near = (latitude, longitude)
            self._by_distance = True
            return DistanceTerm(self._near)
        return None

    def _resolved(self) -> Iterable[list[Term | LiveTerm | StarredTerm | _Plug]]:
        """Yield the groups with their distances from the position wherever the text names one,
        else from home."""
        centre = self._near or self._home
        for group in self._groups:
            resolved: list[Term | LiveTerm | StarredTerm | _Plug] = []
            for piece in group:
                if not isinstance(piece, _Radius):
                    resolved.append(piece)
                elif (term := self._distance(piece, centre)) is not None:
                    resolved.append(term)
            if resolved:
                yield resolved

    def _distance(self, radius: _Radius, centre: Position | None) -> DistanceTerm | None:
        km, token, example = radius.km, radius.token, FIELDS["within"].example
        if not 0 < km <= _MAX_KM:
            limit = f"a distance up to {_MAX_KM:,.0f} km"
            self._report(token, f"within: needs {limit}, as in {example}")
        elif centre is None:
            self._report(
                token, "within of what? – press H on a station, or name a place: near:oslo"
            )
        else:
            self._near = centre
            return DistanceTerm(centre, km, radius.negated)
        return None

    def _report_value(self, token: re.Match[str], field: Field) -> None:
        self._report(token, f"{field.name}: needs {field.value}, as in {field.example}")

    def _report(self, token: re.Match[str], message: str) -> None:
        self._problems.append(FilterProblem(token.start(), token.end(), message))


def _joined(
    group: Sequence[Term | LiveTerm | StarredTerm | _Plug],
) -> Term | State | _Plug | AnyPlug:
    """Return what the terms of a group mean together: one of them must match."""
    if len(group) == 1:
        return group[0]
    plugs = [piece for piece in group if isinstance(piece, _Plug) and not piece.negated]
    if len(plugs) == len(group):
        return AnyPlug(_unique(plug.name for plug in plugs))
    terms = _unique(piece.term if isinstance(piece, _Plug) else piece for piece in group)
    static = [term for term in terms if not isinstance(term, LiveTerm | StarredTerm)]
    if len(static) < len(terms):
        return Either(terms)
    texts = [term for term in static if isinstance(term, TextTerm)]
    kinds = {(text.field, text.negated, text.whole) for text in texts}
    if len(texts) == len(static) and len(kinds) == 1 and not texts[0].negated:
        # One search for all of them.
        needles = _unique(needle for text in texts for needle in text.needles)
        return TextTerm(texts[0].field, needles, whole=texts[0].whole)
    return AnyTerm(tuple(static))


def _live_terms(states: Iterable[State]) -> Iterable[LiveTerm]:
    for state in states:
        terms = state.terms if isinstance(state, Either) else (state,)
        yield from (term for term in terms if isinstance(term, LiveTerm))


def _text(field: str, values: tuple[str, ...], negated: bool) -> TextTerm | None:
    needles = needles_of(values)
    if not needles:
        return None
    short = not field and all(_SHORT_NUMBER.fullmatch(needle) for needle in needles)
    return TextTerm(field, needles, negated, whole=short)


def _power(power: PowerRange, negated: bool) -> _Plug:
    return _Plug(PlugName((), power=power), negated)


def _plug(name: str, negated: bool, power: PowerRange | None = None) -> _Plug:
    folded = fold_line(name).replace(" ", "")
    # Typ 2 is the Norwegian and Swedish name.
    plug = PLUG_BY_NAME[folded]
    return _Plug(PlugName((plug.name,), plug.is_brand and power is None, power), negated)


def _closest(word: str, known: Iterable[str]) -> str:
    """Return the known word that begins with ``word``, else one similar to it, else nothing."""
    from difflib import get_close_matches

    begun = [name for name in known if word and name.startswith(word)]
    return next(iter(begun or get_close_matches(word, known, 1, 0.7)), "")


def _unique(terms: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(terms))
