"""The orders of the station list."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from nobil_tui.charging.station import Station


class SortTraits(Struct, frozen=True):
    """The properties of an order."""

    label: str
    is_live: bool = False
    """Whether reports can change the order."""
    is_descending: bool = False
    """Whether the largest value comes first unless the order is reversed."""
    needs_origin: bool = False
    """Whether it measures distances."""
    needs_prices: bool = False
    """Whether it compares prices."""
    needs_register: bool = False
    """Whether it compares what only the register knows."""


class Sort(StrEnum):
    """An order of the station list."""

    STARRED = "starred"
    NAME = "name"
    ID = "id"
    FREE = "free"
    CHANGED = "changed"
    DISTANCE = "distance"
    PRICE = "price"
    PLACE = "place"
    POWER = "power"
    CONNECTORS = "connectors"

    @property
    def label(self) -> str:
        """The order for display: ``most free first``."""
        return _TRAITS[self].label

    @property
    def is_live(self) -> bool:
        """Whether reports can change the order."""
        return _TRAITS[self].is_live

    @property
    def is_descending(self) -> bool:
        """Whether the largest value comes first unless the order is reversed."""
        return _TRAITS[self].is_descending

    @property
    def needs_origin(self) -> bool:
        """Whether it measures distances."""
        return _TRAITS[self].needs_origin

    @property
    def needs_prices(self) -> bool:
        """Whether it compares prices."""
        return _TRAITS[self].needs_prices

    @property
    def needs_register(self) -> bool:
        """Whether it compares what only the register knows."""
        return _TRAITS[self].needs_register


_TRAITS = {
    Sort.STARRED: SortTraits("starred first"),
    Sort.NAME: SortTraits("by name"),
    Sort.ID: SortTraits("by id"),
    Sort.FREE: SortTraits("most free first", is_live=True, is_descending=True),
    Sort.CHANGED: SortTraits("last change first", is_live=True, is_descending=True),
    Sort.DISTANCE: SortTraits("nearest first", needs_origin=True),
    Sort.PRICE: SortTraits("cheapest kWh first", needs_prices=True),
    Sort.PLACE: SortTraits("by place", needs_register=True),
    Sort.POWER: SortTraits("strongest plug first", is_descending=True, needs_register=True),
    Sort.CONNECTORS: SortTraits("most connectors first", is_live=True, is_descending=True),
}


def changed_at(station: Station) -> int:
    """Return the time of a station's last change in ms; zero if unknown."""
    latest = 0
    # A plain loop: it runs for a whole country at once.
    for connector in station.connectors:
        if connector.timestamp > latest:
            latest = connector.timestamp
    return latest
