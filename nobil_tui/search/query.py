"""The language of the filter line: plain words and fields, mixed, as in ``ccs >=150kw free op:recharge oslo``.

Every term must hold. ``-`` before one turns it round, quotes keep words together, and commas in a field's value stand
for "one of these". What cannot be understood becomes a mistake with words for the reader, and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from math import inf, nextafter
from typing import TypeVar

from nobil_tui.charging.geo import Position, is_position
from nobil_tui.search.document import fold_line
from nobil_tui.search.fields import BRANDS, COUNTRIES, COUNTRY_OF, FIELD_OF, FIELDS, PLUG_OF
from nobil_tui.search.plug_terms import Not, PlugFilter, PlugName, PowerRange
from nobil_tui.search.selection import FilterProblem, Query
from nobil_tui.search.terms import CountryTerm, DistanceTerm, LiveState, LiveTerm, Term, TextTerm

T = TypeVar("T")

MAX_FILTER_LENGTH = 500
"""Characters of a filter that are read."""

_ASKS = {ask.value: ask for ask in LiveState}
_HALF_WAY_ROUND = 20_040.0
_NUMBER = r"\d{1,9}(?:[.,]\d{1,9})?"
_DEGREES = r"[-+]?\d{1,3}(?:\.\d{1,15})?"
_TOKEN = re.compile(
    rf"""
    (?P<minus>-?)
    (?:
      (?P<range>(?P<from>{_NUMBER})\s*[-–]\s*(?P<to>{_NUMBER})\s*kw(?!\S))
    | (?P<power>(?P<sign>[<>]=?|[=≤≥])\s*(?P<limit>{_NUMBER})\s*(?:kw)?(?!\S))
    | (?P<exact>(?P<kw>{_NUMBER})\s*kw(?!\S))
    | (?P<comparison>[<>≤≥=]\S*)
    | (?P<type>typ[e]?\s[123](?!\S))
    | (?P<place>near:\s*(?P<latitude>{_DEGREES})\s*[,;]\s*(?P<longitude>{_DEGREES})(?!\S))
    | (?P<radius>within:\s*(?P<reach>{_NUMBER})\s*(?P<unit>km|m)?(?!\S))
    | (?:(?P<field>[^\W\d_]+):(?!//))?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]*))
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)


def parse_query(text: str, home: Position | None = None) -> Query:
    """Read a filter. Never raises: what means nothing is in ``mistakes``. ``home`` is what ``near`` alone means."""
    reader = _Reader(text, home)
    cut = text[:MAX_FILTER_LENGTH]
    at = 0
    while at < len(cut):
        match = _TOKEN.match(cut, at)
        if match is None or match.end() == at:
            at += 1
            continue
        if not cut[at].isspace():
            reader.read(match)
        at = match.end()
    return reader.query()


class _Reader:
    """Puts a query together, token by token."""

    def __init__(self, text: str, home: Position | None) -> None:
        self._text = text
        self._home = home
        self._terms: list[Term] = []
        self._lacking: list[Term] = []
        self._names: list[PlugName] = []
        self._powers: list[PowerRange] = []
        self._states: list[LiveTerm] = []
        self._near: Position | None = None
        self._radii: list[tuple[float, bool, re.Match[str]]] = []
        self._mistakes: list[FilterProblem] = []

    def query(self) -> Query:
        """What was read."""
        self._place_radii()
        plugs = PlugFilter(_once(self._names), _once(self._powers))
        asked = [plugs] if plugs else []
        # What keeps the fewest comes first.
        terms = _once([*self._terms, *asked, *self._lacking])
        if len(self._text) > MAX_FILTER_LENGTH:
            self._mistakes.append(
                FilterProblem(MAX_FILTER_LENGTH, len(self._text), f"only {MAX_FILTER_LENGTH} characters are read")
            )
        mistakes = tuple(sorted(self._mistakes, key=lambda mistake: mistake.start))
        return Query(self._text, terms, plugs, _once(self._states), self._near, mistakes)

    def read(self, token: re.Match[str]) -> None:
        """Take in one token."""
        said = token.groupdict()
        negated = bool(said["minus"])
        if said["range"]:
            low, high = sorted((_number(said["from"]), _number(said["to"])))
            self._power(PowerRange(low, high, f"{low:g} to {high:g} kW"), negated)
        elif said["power"]:
            self._power(_compared(said["sign"], _number(said["limit"])), negated)
        elif said["exact"]:
            self._power(_compared("=", _number(said["kw"])), negated)
        elif said["comparison"]:
            self._mistake(token, f"after {said['comparison'][0]} comes a number of kW, as in >=150kw")
        elif said["type"]:
            self._plug(PlugName((f"type{said['type'][-1]}",)), negated)
        elif said["place"]:
            self._place(token, float(said["latitude"]), float(said["longitude"]))
        elif said["radius"]:
            km = _number(said["reach"]) / (1000 if (said["unit"] or "").lower() == "m" else 1)
            self._radii.append((km, negated, token))
        elif said["field"]:
            self._field(token, said["field"], negated)
        elif said["quoted"] is not None:
            self._words("", (said["quoted"],), negated)
        else:
            self._word(token, said["plain"], negated)

    def _word(self, token: re.Match[str], word: str, negated: bool) -> None:
        known = fold_line(word)
        if known in PLUG_OF:
            self._plug(PlugName((PLUG_OF[known],), PLUG_OF[known] in BRANDS), negated)
        elif known in _ASKS:
            self._states.append(LiveTerm(_ASKS[known], negated))
        elif known == "near":
            self._at_home(token)
        else:
            self._words("", (word,), negated)

    def _field(self, token: re.Match[str], name: str, negated: bool) -> None:
        field = FIELD_OF.get(name.lower())
        if field is None:
            meant = _meant(name.lower(), FIELD_OF)
            hint = f"did you mean {FIELD_OF[meant]}:?" if meant else f"there are {', '.join(FIELDS)}"
            self._mistake(token, f"there is no field {name}: – {hint}")
            return
        quoted, plain = token["quoted"], token["plain"] or ""
        values = (quoted,) if quoted is not None else tuple(plain.split(","))
        values = tuple(value for value in values if value.strip())
        if not values:
            self._mistake(token, f"{field}: wants something to look for, as in {FIELDS[field]}")
        elif field == "near":
            self._near_word(token, values)
        elif field == "within":
            self._mistake(token, f"within: wants a distance, as in {FIELDS[field]}")
        elif field == "country":
            self._country(token, values, negated)
        elif field == "plug":
            self._plug_field(token, values, negated)
        else:
            self._words(field, values, negated)

    # One kind of term each

    def _words(self, field: str, values: tuple[str, ...], negated: bool) -> None:
        needles = tuple(needle for value in values if (needle := fold_line(value)))
        if needles:
            self._terms.append(TextTerm(field, needles, negated))

    def _power(self, power: PowerRange, negated: bool) -> None:
        if negated:
            self._lacking.append(Not(PlugFilter((), (power,))))
        else:
            self._powers.append(power)

    def _plug(self, named: PlugName, negated: bool) -> None:
        if negated:
            self._lacking.append(Not(PlugFilter((named,))))
        else:
            self._names.append(named)

    def _plug_field(self, token: re.Match[str], values: tuple[str, ...], negated: bool) -> None:
        kinds = []
        for value in values:
            kind = fold_line(value).replace(" ", "")
            kinds.append(PLUG_OF.get(kind, kind))
            meant = _meant(kind, PLUG_OF)
            # A plug that is not in the list may well be in the register; a slip of the hand is not.
            if meant and not meant.startswith(kind):
                self._mistake(token, f"there is no plug {value} – did you mean {meant}?")
                return
        self._plug(PlugName(tuple(kinds)), negated)

    def _country(self, token: re.Match[str], values: tuple[str, ...], negated: bool) -> None:
        codes = []
        for value in values:
            name = fold_line(value)
            code = COUNTRY_OF.get(name)
            if code is None:
                meant = _meant(name, COUNTRY_OF)
                hint = f"did you mean {meant}?" if meant else f"there are {', '.join(COUNTRIES).lower()}"
                self._mistake(token, f"there is no country {value} – {hint}")
                return
            codes.append(code)
        self._terms.append(CountryTerm(tuple(codes), negated))

    def _near_word(self, token: re.Match[str], values: tuple[str, ...]) -> None:
        if fold_line(values[0]) == "home":
            self._at_home(token)
        else:
            self._mistake(token, f"near: wants a latitude and a longitude, as in {FIELDS['near']}")

    def _at_home(self, token: re.Match[str]) -> None:
        if self._home is None:
            self._mistake(token, f"there is no home position to be near – set one, or name a place: {FIELDS['near']}")
        else:
            self._place(token, *self._home)

    def _place(self, token: re.Match[str], latitude: float, longitude: float) -> None:
        if token["minus"]:
            self._mistake(token, "near cannot be turned round – -within:20km leaves out what is close")
        elif not is_position(latitude, longitude):
            self._mistake(token, "there is no such place: latitude goes to 90 degrees, longitude to 180")
        elif self._near is not None and self._near != (latitude, longitude):
            self._mistake(token, "there can be only one place to be near")
        else:
            self._near = (latitude, longitude)
            self._terms.append(DistanceTerm(self._near))

    def _place_radii(self) -> None:
        """Lay the circles around the place to be near, wherever in the text it stands, else around home."""
        centre = self._near or self._home
        for km, negated, token in self._radii:
            if not 0 < km <= _HALF_WAY_ROUND:
                self._mistake(token, f"within: wants a distance on this earth, as in {FIELDS['within']}")
            elif centre is None:
                self._mistake(token, f"within what? Set a home position, or name a place: {FIELDS['near']}")
            else:
                self._near = centre
                self._terms.append(DistanceTerm(centre, km, negated))

    def _mistake(self, token: re.Match[str], words: str) -> None:
        self._mistakes.append(FilterProblem(token.start(), token.end(), words))


def _meant(word: str, known: Iterable[str]) -> str:
    """Tell the known word that was meant: one that begins so, else one much like it; empty if there is none."""
    begun = [name for name in known if word and name.startswith(word)]
    return next(iter(begun or get_close_matches(word, known, 1, 0.7)), "")


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _compared(sign: str, kw: float) -> PowerRange:
    words: dict[str, Callable[[float], PowerRange]] = {
        ">": lambda n: PowerRange(nextafter(n, inf), inf, f"more than {n:g} kW"),
        "<": lambda n: PowerRange(0, nextafter(n, -inf), f"less than {n:g} kW"),
        "=": lambda n: PowerRange(n - 0.05, n + 0.05, f"{n:g} kW"),
        "≥": lambda n: PowerRange(n, inf, f"{n:g} kW or more"),
        "≤": lambda n: PowerRange(0, n, f"{n:g} kW or less"),
    }
    return words[{">=": "≥", "<=": "≤"}.get(sign, sign)](kw)


def _once(terms: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(terms))
