"""Plan a simulated country: its stations, their positions and their plugs. Nothing here changes
over time.

The facts have the form of a real register's entry, except that there is no zipcode, which would be
false for a real place. There are no ``plug_evse_uids`` either: version 1 of the stream identifies
connectors by their order.
"""

from __future__ import annotations

import random

from msgspec import Struct

from nobil_tui.charging.register import Facts
from nobil_tui.feeds.simulation import particulars
from nobil_tui.feeds.simulation.choice import WeightedChoice
from nobil_tui.feeds.simulation.naming import Namer
from nobil_tui.feeds.simulation.sites import KINDS, SiteKind, draw_plugs
from nobil_tui.feeds.simulation.towns import NORWAY, TOWNS, Town

STATIONS_A_GARAGE = 130
"""One in this many stations is a parking garage."""
TOWN_RADIUS = 0.04
"""Maximum distance of a station from the centre of its town, in degrees of latitude."""
NORWAY_WEIGHT = 3.0
"""How many times more stations per inhabitant Norway has than Sweden."""

_TOWNS = WeightedChoice(
    *((town, town.people * (NORWAY_WEIGHT if town.country == NORWAY else 1.0)) for town in TOWNS)
)


class SitePlan(Struct, frozen=True):
    """A station to be built."""

    id: str
    kind: SiteKind
    facts: Facts


def plan_country(stations: int, rng: random.Random, beside: random.Random) -> list[SitePlan]:
    """Plan ``stations`` stations, ordered by id.

    Positions, names and plugs are drawn from ``rng``, which also drives all later events. Details
    that must not affect those events are drawn from ``beside``.
    """
    namer = Namer(rng)
    towns = sorted((_TOWNS(rng) for _ in range(stations)), key=lambda town: town.country)
    garages = stations // STATIONS_A_GARAGE
    kinds = [SiteKind.GARAGE] * garages + [KINDS(rng) for _ in range(stations - garages)]
    rng.shuffle(kinds)
    sites = zip(_ids(towns, rng), towns, kinds, strict=True)
    return [_plan(id_, town, kind, namer, rng, beside) for id_, town, kind in sites]


def _ids(towns: list[Town], rng: random.Random) -> list[str]:
    """Return ids for the stations of each country, with gaps as in real ones."""
    ids = []
    for country in sorted({town.country for town in towns}):
        count = sum(town.country == country for town in towns)
        # Five digits, unless a country has so many stations that few gaps would be left.
        numbers = sorted(rng.sample(range(1000, max(100_000, 2 * count)), count))
        ids += [f"{country}_{number:05}" for number in numbers]
    return ids


def _plan(
    id_: str, town: Town, kind: SiteKind, namer: Namer, rng: random.Random, beside: random.Random
) -> SitePlan:
    named = namer.name(town, kind)
    position = (
        round(town.latitude + _off_the_middle(rng) * TOWN_RADIUS, 5),
        # A degree of longitude is about half as long at these latitudes.
        round(town.longitude + _off_the_middle(rng) * TOWN_RADIUS * 2, 5),
    )
    plugs = draw_plugs(kind, rng)
    operator = namer.operator(town)
    owner, opening, fee, availability, description, comment, contact = particulars.draw(
        town.country, kind, operator, beside
    )
    facts = Facts(
        name=named.name,
        place=town.name,
        street=named.street,
        operator=operator,
        position=position,
        plugs=plugs,
        owner=owner,
        municipality=town.municipality,
        county=town.county,
        country=town.country,
        opening=opening,
        parking_fee=fee,
        availability=availability,
        description=description,
        comment=comment,
        contact=contact,
    )
    return SitePlan(id_, kind, facts)


def _off_the_middle(rng: random.Random) -> float:
    """Draw a number from -1 to 1 that is usually close to zero."""
    return (rng.random() + rng.random() - 1) * rng.random()
