"""The station register: static data of stations, such as name, place, operator and plugs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from nobil_tui.charging.geo import Position
from nobil_tui.charging.prices import Price, cheapest

_V = TypeVar("_V")

CREDIT = "NOBIL by Enova, CC BY 4.0, https://nobil.no"
"""The credit to show wherever data of the register is shown."""


class Plug(Struct, frozen=True, gc=False, omit_defaults=True):
    """A plug: its usual name (``CCS``, ``Type 2``) and its power."""

    name: str = ""
    """Several plugs of one outlet are joined: ``Type 2 + Schuko``."""
    kw: float = 0.0
    """Kilowatts; zero if not known."""

    @property
    def text(self) -> str:
        """Name and power, such as ``CCS 150``, as far as they are known."""
        power = f"{self.kw:g}" if self.kw else ""
        return f"{self.name} {power}".strip()


Plugs = tuple[Plug, ...]
"""The plugs of one connector: an EVSE with two cables of which one can be used at a time has
two."""


_COMMON = {"CCS": 2, "Type 2": 1}
"""Plugs of most cars, the most common one highest."""


def best(plugs: Iterable[Plug]) -> Plug | None:
    """Return the plug with the highest power; of several, the most common one. None without
    plugs."""
    return max(plugs, key=lambda plug: (plug.kw, _COMMON.get(plug.name, 0)), default=None)


class Facts(Struct, frozen=True, gc=False, omit_defaults=True):
    """The static data of one station. An empty text means "not known"."""

    name: str = ""
    place: str = ""
    """The town, as a row shows it."""
    street: str = ""
    operator: str = ""
    position: Position | None = None
    """Latitude and longitude in degrees."""
    plugs: Plugs = ()
    """One for each connector, in order; plugs with the same UID in ``plug_evse_uids`` share one
    connector."""
    owner: str = ""
    municipality: str = ""
    county: str = ""
    zipcode: str = ""
    country: str = ""
    """Three letters in NOBIL's way, such as ``NOR`` and ``DAN``."""
    opening: str = ""
    """The opening hours in words, such as ``open 24h``."""
    parking_fee: bool | None = None
    """Whether there is a parking fee; None if not known."""
    availability: str = ""
    """Who may use it, in NOBIL's words: ``Public``, ``Visitors``."""
    description: str = ""
    """Its location at the address."""
    comment: str = ""
    contact: str = ""
    """The contact for problems."""
    plug_evse_uids: tuple[str, ...] = ()
    """The EVSE UID of each plug, as in Enova's stream, or an empty text; empty if no plug has
    one."""
    prices: tuple[Price | None, ...] = ()
    """The price at each plug, None if not known; empty if no price is known."""
    credit: str = ""
    """The credit to show with these facts; empty for the register's own credit."""

    @property
    def price(self) -> Price | None:
        """The cheapest price of the station, for a row."""
        return cheapest(self.prices)

    @property
    def kwh_price(self) -> float | None:
        """The lowest price per kWh at the station; None if not known."""
        least = None
        # A plain loop: painting, filtering and sorting by it ask this of a whole country.
        for price in self.prices:
            kwh = price.kwh if price is not None else None
            if kwh is not None and (least is None or kwh < least):
                least = kwh
        return least

    @property
    def best_plug(self) -> Plug | None:
        """The plug with the highest power, for a row."""
        return best(self.plugs)

    @property
    def evse_uids(self) -> tuple[str, ...]:
        """The EVSE UIDs in the register's order, each once."""
        return tuple(dict.fromkeys(uid for uid in self.plug_evse_uids if uid))

    def plugs_for(self, evse_uids: Sequence[str], count: int) -> tuple[Plugs, ...] | None:
        """Return the plugs of each of ``count`` connectors; None if they cannot be matched.

        ``evse_uids`` are those of the stream, in order; empty if the stream has only indices.
        """
        return self._by_connector(self.plugs, evse_uids, count)

    def prices_for(self, evse_uids: Sequence[str], count: int) -> tuple[Price | None, ...]:
        """Return the price at each of ``count`` connectors, the cheapest of its plugs; None where
        it is not known. See ``plugs_for``."""
        matched = self._by_connector(self.prices, evse_uids, count) if self.prices else None
        return tuple(map(cheapest, matched)) if matched is not None else (None,) * count

    def _by_connector(
        self, values: tuple[_V, ...], evse_uids: Sequence[str], count: int
    ) -> tuple[tuple[_V, ...], ...] | None:
        """Return what the plugs of each connector have, given the value of each plug."""
        if not evse_uids:
            return tuple((value,) for value in values) if count == len(values) else None
        by_uid: dict[str, tuple[_V, ...]] = {}
        for uid, value in zip(self.plug_evse_uids, values, strict=False):
            if uid:
                by_uid[uid] = (*by_uid.get(uid, ()), value)
        if by_uid.keys().isdisjoint(evse_uids):
            return None
        matched = tuple(by_uid.get(uid, ()) for uid in evse_uids[:count])
        return matched + ((),) * (count - len(evse_uids))


NO_FACTS = Facts()

_COUNTRIES = {
    "NOR": "Norway",
    "SWE": "Sweden",
    "DAN": "Denmark",
    "FIN": "Finland",
    "ISL": "Iceland",
}


def country_of(station: str, facts: Facts) -> str:
    """Return the country of a station in NOBIL's three letters; empty if not known.

    Without an entry in the register, it is the prefix of the station's id.
    """
    prefix, _, number = station.partition("_")
    named = number and len(prefix) == 3 and prefix.isascii() and prefix.isalpha()
    return facts.country or (prefix.upper() if named else "")


def country_name(country: str) -> str:
    """Return the name of a country by NOBIL's three letters."""
    return _COUNTRIES.get(country, country or "no country")


class Register:
    """Facts by station id. A station that is not listed has ``NO_FACTS``, and its id as its name.

    It may be loaded after the first paint and replaced later, so all users share one object;
    ``version`` invalidates what they derived from it.
    """

    def __init__(self, facts: dict[str, Facts] | None = None, *, credit: str = "") -> None:
        self._facts = self._general = facts or {}
        self._own: dict[str, Facts] = {}
        self.credit = credit
        """The credit to show with the facts; empty for simulated data."""
        self.stream_credit = ""
        """The credit to show with stations that are not listed, for what the current source says of
        them; empty if it needs none."""
        self.version = 0
        """Increased whenever the facts are replaced."""
        self._priced_at = -1
        self._has_prices = False

    def __len__(self) -> int:
        return len(self._facts)

    def __contains__(self, station: object) -> bool:
        return station in self._facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def replace(self, facts: dict[str, Facts]) -> None:
        """Replace all facts except those that a source has of its own stations."""
        self._general = facts
        self._facts = {**facts, **self._own} if self._own else facts
        self.version += 1

    def use_own(self, facts: dict[str, Facts]) -> None:
        """Use the current source's facts about its own stations in place of others.

        They have their own credits; an empty one means that no credit is needed.
        """
        if facts or self._own:
            self._own = facts
            self.replace(self._general)

    def facts(self, station: str) -> Facts:
        """Return the facts of a station."""
        return self._facts.get(station, NO_FACTS)

    @property
    def has_prices(self) -> bool:
        """Whether the price of a kWh is known for any station."""
        if self._priced_at != self.version:
            self._priced_at = self.version
            self._has_prices = any(facts.kwh_price is not None for facts in self._facts.values())
        return self._has_prices

    def credit_of(self, station: str) -> str:
        """Return the credit to show with a station; empty if it needs none."""
        facts = self._facts.get(station)
        if facts is None:
            return self.stream_credit
        return facts.credit if station in self._own else facts.credit or self.credit

    @property
    def credits(self) -> list[str]:
        """The credits to show with several stations."""
        found = dict.fromkeys([*map(self.credit_of, self._facts), self.stream_credit])
        return [credit for credit in found if credit]

    def name(self, station: str) -> str:
        """Return the station's name, or its id if it has none."""
        return self.facts(station).name or station

    def plugs_for(self, station: str, evse_uids: Sequence[str], count: int) -> tuple[Plugs, ...]:
        """Return the plugs of each of ``count`` connectors; empty ones if they cannot be matched.

        ``evse_uids`` are those of the stream, in order; empty if the stream has only indices.
        """
        return self.facts(station).plugs_for(evse_uids, count) or ((),) * count
