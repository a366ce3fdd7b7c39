"""Kinds of sites: number of connectors, plugs, and how they are used."""

from __future__ import annotations

import random
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from nobil_tui.charging.register import Plug
from nobil_tui.feeds.simulation import rhythm
from nobil_tui.feeds.simulation.choice import WeightedChoice
from nobil_tui.feeds.simulation.rhythm import Rhythm

GARAGE_CONNECTORS = 60
"""Number of connectors of a parking garage."""


class SiteKind(Enum):
    """Kind of site of a station."""

    STREET = "street"
    WORK = "work"
    VISIT = "visit"
    FAST = "fast"
    PARK = "park"
    GARAGE = "garage"


class Habit(Struct, frozen=True):
    """How a connector is used."""

    rhythm: Rhythm
    """When drivers arrive."""
    per_day: float
    """Average arrivals per day if the connector were always free."""
    minutes: float
    """Average stay in minutes."""
    spread: float
    """Standard deviation of the stay's logarithm."""
    most: float
    """Maximum stay in minutes."""


KINDS = WeightedChoice(
    (SiteKind.STREET, 0.47),
    (SiteKind.FAST, 0.26),
    (SiteKind.VISIT, 0.13),
    (SiteKind.WORK, 0.07),
    (SiteKind.PARK, 0.07),
)
"""Draws the kind of a site. Parking garages are few and placed separately."""

CCS, CHADEMO, TYPE_2, TYPE_1 = "CCS", "CHAdeMO", "Type 2", "Type 1"

_FAST = Habit(rhythm.ROAD, 15.0, 28, 0.5, 100)
_CHADEMO = Habit(rhythm.ROAD, 8.0, 30, 0.4, 80)
_FASTEST = Habit(rhythm.ROAD, 18.0, 22, 0.45, 75)
_SLOW = {
    SiteKind.STREET: Habit(rhythm.STREET, 3.4, 250, 0.8, 20 * 60),
    SiteKind.WORK: Habit(rhythm.WORK, 2.4, 400, 0.4, 12 * 60),
    SiteKind.VISIT: Habit(rhythm.VISIT, 7.0, 105, 0.7, 8 * 60),
    SiteKind.FAST: Habit(rhythm.ROAD, 3.5, 95, 0.6, 6 * 60),
    SiteKind.GARAGE: Habit(rhythm.WORK, 2.2, 330, 0.7, 22 * 60),
}

_SIZES = {
    SiteKind.STREET: WeightedChoice((1, 0.25), (2, 0.55), (3, 0.06), (4, 0.11), (6, 0.03)),
    SiteKind.WORK: WeightedChoice((2, 0.4), (4, 0.35), (6, 0.15), (8, 0.06), (10, 0.04)),
    SiteKind.VISIT: WeightedChoice((1, 0.08), (2, 0.42), (3, 0.1), (4, 0.28), (6, 0.08), (8, 0.04)),
    SiteKind.PARK: WeightedChoice((4, 0.34), (6, 0.3), (8, 0.24), (10, 0.08), (12, 0.04)),
}
_SLOW_KW = WeightedChoice((7.4, 0.3), (11.0, 0.3), (22.0, 0.4))
_PARK_KW = WeightedChoice(
    (150.0, 0.4), (200.0, 0.15), (250.0, 0.15), (300.0, 0.2), (350.0, 0.04), (400.0, 0.06)
)
_FAST_PLUGS = WeightedChoice(
    (((CCS, 50.0), (CHADEMO, 50.0)), 0.3),
    (((CCS, 50.0), (CHADEMO, 50.0), (TYPE_2, 22.0)), 0.25),
    (((CCS, 50.0),), 0.05),
    (((CCS, 100.0), (CCS, 100.0)), 0.08),
    (((CCS, 150.0), (CCS, 150.0)), 0.14),
    (((CCS, 150.0), (CCS, 150.0), (CHADEMO, 50.0)), 0.1),
    (((CCS, 150.0), (CCS, 150.0), (CCS, 150.0), (CCS, 150.0)), 0.08),
)
OLD_PLUG = 0.03
"""Share of street stations that still have a Type 1 plug."""
WITH_FAST = 0.2
"""Share of malls, hotels and similar sites that have a fast charger in addition to the slow ones.
"""
WITH_CHADEMO = 0.3
"""Share of charging parks with one CHAdeMO plug."""


def draw_plugs(kind: SiteKind, rng: random.Random) -> tuple[Plug, ...]:
    """Draw the plugs of a station of this kind, one for each connector."""
    if kind is SiteKind.FAST:
        return tuple(_plug(name, kw) for name, kw in _FAST_PLUGS(rng))
    if kind is SiteKind.PARK:
        size = _SIZES[kind](rng)
        old = (_plug(CHADEMO, 50.0),) if rng.random() < WITH_CHADEMO else ()
        return (_plug(CCS, _PARK_KW(rng)),) * (size - len(old)) + old
    slow = _plug(TYPE_2, _SLOW_KW(rng))
    if kind is SiteKind.GARAGE:
        return (slow,) * GARAGE_CONNECTORS
    size = _SIZES[kind](rng)
    if kind is SiteKind.STREET and size > 1 and rng.random() < OLD_PLUG:
        return (slow,) * (size - 1) + (_plug(TYPE_1, 7.4),)
    if kind is SiteKind.VISIT and rng.random() < WITH_FAST:
        return (_plug(CCS, 50.0), _plug(CHADEMO, 50.0)) + (slow,) * size
    return (slow,) * size


def habit_of(kind: SiteKind, plug: Plug) -> Habit:
    """Return how a connector with this plug is used at this kind of site."""
    if plug.name == CHADEMO:
        return _CHADEMO
    if plug.name == CCS:
        return _FASTEST if plug.kw > 100 else _FAST
    return _SLOW[kind]


@lru_cache(maxsize=64)
def _plug(name: str, kw: float) -> Plug:
    # A country has few different plugs: equal ones share one object.
    return Plug(name, kw)
