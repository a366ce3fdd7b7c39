"""What is known of stations beside their status: who and where they are, and what plugs they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from nobil_tui.charging.geo import Position
from nobil_tui.charging.prices import Price, cheapest

CREDIT = "NOBIL by Enova, CC BY 4.0, https://nobil.no"
"""What must stand wherever data of the register is shown."""


class Plug(Struct, frozen=True, gc=False):
    """What one connector offers: the plug's name as drivers say it (``CCS``, ``Type 2``) and its power."""

    name: str = ""
    """Several in one outlet stand beside one another: ``Type 2 + Schuko``."""
    kw: float = 0.0
    """Kilowatt; zero where not known."""

    @property
    def text(self) -> str:
        """``CCS 150``, or what of it is known."""
        power = f"{self.kw:g}" if self.kw else ""
        return f"{self.name} {power}".strip()


Plugs = tuple[Plug, ...]
"""The plugs of one connector: an EVSE with two cables of which one can be used at a time has two."""


def best(plugs: Iterable[Plug]) -> Plug | None:
    """The strongest of some plugs."""
    return max(plugs, key=lambda plug: plug.kw, default=None)


class Facts(Struct, frozen=True, gc=False):
    """What is known of one station beside its status. Empty texts stand for "not known"."""

    name: str = ""
    place: str = ""
    """The town, as a row shows it."""
    street: str = ""
    operator: str = ""
    position: Position | None = None
    """Latitude and longitude in degrees."""
    plugs: Plugs = ()
    """One for each connector, in order; plugs with the same UID in ``plug_evse_uids`` share one connector."""
    owner: str = ""
    municipality: str = ""
    county: str = ""
    zipcode: str = ""
    country: str = ""
    """Three letters in NOBIL's way, such as ``NOR`` and ``DAN``."""
    opening: str = ""
    """When it is open, in words: ``open 24h``, or what was entered."""
    parking_fee: bool | None = None
    """Whether parking costs; None where not known."""
    availability: str = ""
    """Who may use it, in NOBIL's words: ``Public``, ``Visitors``."""
    description: str = ""
    """Where at the address it stands."""
    comment: str = ""
    contact: str = ""
    """Whom to call when it does not work."""
    plug_evse_uids: tuple[str, ...] = ()
    """The EVSE UID of each plug, which Enova's stream calls it by; empty where it has none. None at all: no entry."""
    prices: tuple[Price | None, ...] = ()
    """The price at each plug, None where it is not known; empty if no price is known."""
    credit: str = ""
    """Who must be named wherever these facts are shown; empty to name the register's own source."""

    @property
    def price(self) -> Price | None:
        """The cheapest price of the station: what a row has room to name."""
        return cheapest(self.prices)

    @property
    def best_plug(self) -> Plug | None:
        """The strongest plug: what a row has room to name."""
        return best(self.plugs)

    @property
    def evse_uids(self) -> tuple[str, ...]:
        """The EVSE UIDs in the register's order, each once."""
        return tuple(dict.fromkeys(key for key in self.plug_evse_uids if key))

    def plugs_for(self, keys: Sequence[str], count: int) -> tuple[Plugs, ...] | None:
        """Tell the plugs of each of ``count`` connectors; None where it cannot be told which has which.

        ``keys`` are the stream's own for them, in their order, empty for a stream whose connectors have only an index.
        """
        if not keys:
            return tuple((plug,) for plug in self.plugs) if count == len(self.plugs) else None
        by_key: dict[str, Plugs] = {}
        for key, plug in zip(self.plug_evse_uids, self.plugs, strict=False):
            if key:
                by_key[key] = (*by_key.get(key, ()), plug)
        if by_key.keys().isdisjoint(keys):
            return None
        return tuple(by_key.get(key, ()) for key in keys[:count]) + ((),) * (count - len(keys))


NO_FACTS = Facts()

_COUNTRIES = {"NOR": "Norway", "SWE": "Sweden", "DAN": "Denmark", "FIN": "Finland", "ISL": "Iceland"}


def country_of(station: str, facts: Facts) -> str:
    """Tell whose station it is, in NOBIL's three letters; empty where nothing tells.

    Where the register does not say, its id does: it begins with the country.
    """
    prefix, _, number = station.partition("_")
    named = number and len(prefix) == 3 and prefix.isascii() and prefix.isalpha()
    return facts.country or (prefix.upper() if named else "")


def country_name(country: str) -> str:
    """Name a country by NOBIL's three letters."""
    return _COUNTRIES.get(country, country or "no country")


class Register:
    """Facts by station id. A station that the register lacks has ``NO_FACTS``, and its id for a name.

    It can come after the first paint and be renewed while it is looked at, so all hold one object, and its ``version``
    tells those who keep something made from it to make it anew.
    """

    def __init__(self, facts: dict[str, Facts] | None = None, *, credit: str = "") -> None:
        self._facts = facts or {}
        self.credit = credit
        """Who must be named wherever the facts are shown; empty where nobody must, as with what is made up."""
        self.version = 0
        """Grows whenever the facts are replaced."""

    def __len__(self) -> int:
        return len(self._facts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def replace(self, facts: dict[str, Facts]) -> None:
        """Take other facts for all that was known."""
        self._facts = facts
        self.version += 1

    def facts(self, station: str) -> Facts:
        """All that is known of a station."""
        return self._facts.get(station, NO_FACTS)

    def credit_of(self, station: str) -> str:
        """Return who must be named where a station's facts are shown; empty if there is none."""
        facts = self._facts.get(station)
        return "" if facts is None else facts.credit or self.credit

    @property
    def credits(self) -> list[str]:
        """Return everyone who must be named where facts of several stations are shown."""
        found = dict.fromkeys(facts.credit or self.credit for facts in self._facts.values())
        return [credit for credit in found if credit]

    def prices_for(self, station: str, keys: Sequence[str], count: int) -> tuple[Price | None, ...]:
        """Return the cheapest price at each of ``count`` connectors; ``keys`` as for ``plugs_for``."""
        facts = self.facts(station)
        if not facts.prices:
            return (None,) * count
        if not keys:
            return facts.prices if count == len(facts.prices) else (None,) * count
        known: dict[str, list[Price | None]] = {}
        for key, price in zip(facts.plug_evse_uids, facts.prices, strict=False):
            known.setdefault(key, []).append(price)
        found = tuple(cheapest(known.get(key, ())) for key in keys[:count])
        return found + (None,) * (count - len(found))

    def name(self, station: str) -> str:
        """The station's name, else its id."""
        return self.facts(station).name or station

    def plugs_for(self, station: str, keys: Sequence[str], count: int) -> tuple[Plugs, ...]:
        """Tell the plugs of each of ``count`` connectors of a station; none where it cannot be told which has which.

        ``keys`` are the stream's own for them, in their order, empty for a stream whose connectors have only an index.
        """
        return self.facts(station).plugs_for(keys, count) or ((),) * count
