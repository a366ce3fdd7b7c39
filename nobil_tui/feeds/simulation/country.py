"""A country of stations: who they are, where they stand and what plugs they have. Nothing in here moves."""

from __future__ import annotations

import random
from typing import NamedTuple

from nobil_tui.charging.register import Facts
from nobil_tui.feeds.simulation.choice import Choice
from nobil_tui.feeds.simulation.naming import Namer
from nobil_tui.feeds.simulation.sites import KINDS, Kind, draw_plugs
from nobil_tui.feeds.simulation.towns import NORWAY, TOWNS, Town

STATIONS_A_GARAGE = 130
"""One in so many stations is a parking house."""
OUTSIDE = 0.04
"""Degrees of latitude that a station lies from the middle of its town at the most."""
MORE_IN_NORWAY = 3.0
"""How many times as many stations a head Norway has."""

_TOWNS = Choice(*((town, town.people * (MORE_IN_NORWAY if town.country == NORWAY else 1.0)) for town in TOWNS))


class Plan(NamedTuple):
    """A station as it is to be built."""

    id: str
    kind: Kind
    facts: Facts


def plan(stations: int, rng: random.Random) -> list[Plan]:
    """Plan so many stations, ordered by their ids."""
    namer = Namer(rng)
    towns = sorted((_TOWNS(rng) for _ in range(stations)), key=lambda town: town.country)
    garages = stations // STATIONS_A_GARAGE
    kinds = [Kind.GARAGE] * garages + [KINDS(rng) for _ in range(stations - garages)]
    rng.shuffle(kinds)
    return [_plan(id_, town, kind, namer, rng) for id_, town, kind in zip(_ids(towns, rng), towns, kinds, strict=True)]


def _ids(towns: list[Town], rng: random.Random) -> list[str]:
    """Number the stations of each country, with gaps as they are in life."""
    ids = []
    for country in sorted({town.country for town in towns}):
        count = sum(town.country == country for town in towns)
        # Five digits, unless a country has so many stations that there would be hardly a gap.
        numbers = sorted(rng.sample(range(1000, max(100_000, 2 * count)), count))
        ids += [f"{country}_{number:05}" for number in numbers]
    return ids


def _plan(id_: str, town: Town, kind: Kind, namer: Namer, rng: random.Random) -> Plan:
    named = namer.name(town, kind)
    position = (
        round(town.latitude + _off_the_middle(rng) * OUTSIDE, 5),
        # A degree of longitude is half as long up here.
        round(town.longitude + _off_the_middle(rng) * OUTSIDE * 2, 5),
    )
    plugs = draw_plugs(kind, rng)
    return Plan(id_, kind, Facts(named.name, town.name, named.street, namer.operator(town), position, plugs))


def _off_the_middle(rng: random.Random) -> float:
    """Draw from -1 to 1, mostly near zero."""
    return (rng.random() + rng.random() - 1) * rng.random()
