"""Parse the filter language: plain words and fields, as in ``ccs >=150kw free op:recharge``.

A station must match every term. A leading ``-`` negates a term, quotes keep words together, commas
in the value of a field mean "any of these", and ``or`` joins the terms beside it. Tokens that are
not understood are left out and reported as a ``FilterProblem``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nobil_tui.charging.geo import Position
from nobil_tui.search.fields import (
    COUNTRY_BY_NAME,
    FACT_WORDS,
    FIELD_BY_NAME,
    PLUG_BY_NAME,
    Field,
    FieldKind,
)
from nobil_tui.search.filter_pieces import (
    Piece,
    PlugPiece,
    RadiusPiece,
    ResolvedPiece,
    combined,
)
from nobil_tui.search.filter_position import FilterPosition
from nobil_tui.search.filter_problems import (
    FilterProblems,
    mistyped_plug,
    unknown_country,
    unknown_field,
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
from nobil_tui.search.plug_terms import PlugName, PowerRange
from nobil_tui.search.query import Query
from nobil_tui.search.sorting import Sort
from nobil_tui.search.terms import (
    CountryTerm,
    FactTerm,
    LiveState,
    LiveTerm,
    PriceTerm,
    StarredTerm,
    TextTerm,
    needles_of,
)

MAX_FILTER_LENGTH = 500
"""The most characters of a filter that are read."""

_STATES = {state.value: state for state in LiveState}
_STARRED = "starred"
_OR = "or"
_PARKING = {"free": False, "paid": True}
"""The values of the field ``parking``: whether there is a fee."""
_UNFINISHED = re.compile(r"(?<!\w)(\w++)(?:[<>]=?|[=≤≥])\S*+")
"""A comparison without its number, or with something else in its place."""
_PLACE = re.compile(r"[^\W\d_]|^\d{4,5}$")
"""A name with a letter, or a postcode."""
_SHORT_NUMBER = re.compile(r"\d{1,2}")


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


class _Parser:
    """Builds a query, token by token."""

    def __init__(self, text: str, home: Position | None, places: PlaceFinder | None) -> None:
        self._text = text
        self._problems = FilterProblems()
        self._position = FilterPosition(home, places, self._problems)
        self._groups: list[list[Piece]] = []
        """The pieces between which there is an ``or``, or one piece alone."""
        self._parts: list[tuple[int, int]] = []
        self._joins = False
        """Whether an ``or`` precedes the next token."""
        self._order: tuple[Sort, bool] | None = None

    def query(self) -> Query:
        """Return the query of all tokens read."""
        terms = combined(self._resolved())
        length = len(self._text)
        if length > MAX_FILTER_LENGTH:
            message = f"only the first {MAX_FILTER_LENGTH} characters are read"
            self._problems.report_at(MAX_FILTER_LENGTH, length, message)
        position = self._position
        return Query(
            self._text,
            terms.static,
            terms.plugs,
            terms.states,
            position.near,
            self._problems.in_order,
            by_distance=position.by_distance,
            order=self._order,
            names_place=position.names_place,
            parts=tuple(self._text[start:end] for start, end in self._parts),
        )

    def _resolved(self) -> Iterable[list[ResolvedPiece]]:
        """Yield the groups with their distances from the position wherever the text names one."""
        for group in self._groups:
            resolved: list[ResolvedPiece] = []
            for piece in group:
                if not isinstance(piece, RadiusPiece):
                    resolved.append(piece)
                elif (term := self._position.distance(piece)) is not None:
                    resolved.append(term)
            if resolved:
                yield resolved

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

    def _piece(self, token: re.Match[str]) -> Piece | None:
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
            self._problems.report(token, f"{sign} needs a number of kW, as in >=150kw")
            return None
        if groups["type"]:
            return _plug(groups["type"], negated)
        if groups["place"]:
            return self._position.coordinates(
                token, float(groups["latitude"]), float(groups["longitude"])
            )
        if groups["radius"]:
            metres = (groups["unit"] or "").lower() == "m"
            reach = number_of_text(groups["reach"]) / (1000 if metres else 1)
            return RadiusPiece(reach, negated, token)
        if groups["field"]:
            return self._field(token, groups["field"], negated)
        if groups["quoted"] is not None:
            return _text("", (groups["quoted"],), negated)
        return self._word(token, groups["plain"], negated)

    def _comparison(self, token: re.Match[str], negated: bool) -> Piece | None:
        """Return a plug with its power, or a count of connectors in a condition."""
        subject = fold_line(token["subject"])
        sign, number = token["how"], number_of_text(token["than"])
        if subject.replace(" ", "") in PLUG_BY_NAME:
            return _plug(subject, negated, power_range(sign, number))
        state = _STATES.get(subject)
        if state is not None and state is not LiveState.STALE:
            return LiveTerm(state, negated, *count_range(sign, number))
        self._problems.report(
            token, f"{token['subject']} has no number – compare ccs>=150 or free>=2"
        )
        return None

    def _word(self, token: re.Match[str], word: str, negated: bool) -> Piece | None:
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
            return self._position.from_home(token)
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
        self._problems.report(token, f"{token['plain']} needs a number, as in {example}")
        return True

    def _field(self, token: re.Match[str], name: str, negated: bool) -> Piece | None:
        field = FIELD_BY_NAME.get(name.lower())
        if field is None:
            self._problems.report(token, unknown_field(name))
            return None
        quoted, plain = token["quoted"], token["plain"] or ""
        values = (quoted,) if quoted is not None else tuple(plain.split(","))
        values = tuple(value for value in values if value.strip())
        if not values:
            self._problems.report_value(token, field)
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
                    self._problems.report_value(token, field)
                return None
            case FieldKind.NEAR if fold_line(values[0]) == "home":
                return self._position.from_home(token)
            case FieldKind.NEAR if _PLACE.search(values[0]):
                return self._position.from_place(token, quoted if quoted is not None else plain)
            case FieldKind.NEAR | FieldKind.WITHIN | FieldKind.PRICE:
                # A valid value is a token of its own.
                self._problems.report_value(token, field)
                return None

    # One kind of field each

    def _parking(
        self, token: re.Match[str], field: Field, value: str, negated: bool
    ) -> FactTerm | None:
        fee = _PARKING.get(fold_line(value))
        if fee is None:
            self._problems.report_value(token, field)
            return None
        return FactTerm("fee", negated=fee is negated)

    def _plug_field(
        self, token: re.Match[str], values: tuple[str, ...], negated: bool
    ) -> PlugPiece | None:
        kinds = []
        for value in values:
            kind = fold_line(value).replace(" ", "")
            plug = PLUG_BY_NAME.get(kind)
            kinds.append(plug.name if plug is not None else kind)
            if message := mistyped_plug(value, kind):
                self._problems.report(token, message)
                return None
        return PlugPiece(PlugName(tuple(kinds)), negated)

    def _country(
        self, token: re.Match[str], values: tuple[str, ...], negated: bool
    ) -> CountryTerm | None:
        codes = []
        for value in values:
            name = fold_line(value)
            code = COUNTRY_BY_NAME.get(name)
            if code is None:
                self._problems.report(token, unknown_country(value, name))
                return None
            codes.append(code)
        return CountryTerm(tuple(codes), negated)


def _text(field: str, values: tuple[str, ...], negated: bool) -> TextTerm | None:
    needles = needles_of(values)
    if not needles:
        return None
    short = not field and all(_SHORT_NUMBER.fullmatch(needle) for needle in needles)
    return TextTerm(field, needles, negated, whole=short)


def _power(power: PowerRange, negated: bool) -> PlugPiece:
    return PlugPiece(PlugName((), power=power), negated)


def _plug(name: str, negated: bool, power: PowerRange | None = None) -> PlugPiece:
    folded = fold_line(name).replace(" ", "")
    # Typ 2 is the Norwegian and Swedish name.
    plug = PLUG_BY_NAME[folded]
    return PlugPiece(PlugName((plug.name,), plug.is_brand and power is None, power), negated)
