"""The columns of the station list: one table, every column once.

The config, its comment, the list on screen, the dialog that chooses columns and the ``list``
command derive from it. What a text cannot say is painted by ``tui/widgets/stations/columns.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from nobil_tui.charging.geo import distance_text
from nobil_tui.search.sorting import Sort

if TYPE_CHECKING:
    # The config needs the ids, and not what lists stations.
    from nobil_tui.charging.register import Facts, Plug
    from nobil_tui.charging.station import Station, Summary
    from nobil_tui.search.station_list import StationList

MIN_NAME_WIDTH = 16
"""Cells of the filling column before any optional column is shown."""
MAX_PLUG_WIDTH = 11
_SHORT_PLUGS = {"Type 1": "T1", "Type 2": "T2", "CHAdeMO": "CHA"}


class ListedStation(Struct, gc=False):
    """One station of a list: what its cells are made of."""

    station_list: StationList
    station_id: str
    station: Station | None
    """None if the stream has not named the station."""
    facts: Facts
    summary: Summary | None
    """The counts of the connectors that the filter selects, of all of them where widths are
    measured; None without a station."""


CellText = Callable[[ListedStation], str]
"""Returns the text of a cell, as it comes from outside; empty if there is nothing to show."""


class Column(Struct, frozen=True):
    """One column of the station list. Widths are in cells."""

    id: str
    """Its name in the config, and its heading where the ``list`` command prints it."""
    head: str
    """The heading; ``long_head`` replaces it where there is room."""
    words: str
    """What it shows, for the dialog that chooses columns."""
    text: CellText | None
    """Also what the ``list`` command prints; None if only a painter can show it."""
    min_width: int
    max_width: int
    measured: CellText | None = None
    """The text that its width is measured by, if that is not ``text``."""
    long_text: CellText | None = None
    """What the ``list`` command prints, if that is not ``text``."""
    sort: Sort | None = None
    """The order that a click on the heading selects."""
    gap: int = 1
    """Empty cells after the column."""
    priority: int = 0
    """Optional columns have room in this order; 0 for a column that is always shown."""
    first_width: int = 0
    """The width to begin with; 0 for ``max_width``."""
    grows_beyond: int = 0
    """Cells that the filling column keeps when this one grows beyond ``first_width``."""
    spares: int = MIN_NAME_WIDTH
    """Cells that the filling column keeps when this optional one is shown."""
    shrinks: bool = False
    """Whether it shrinks to ``min_width`` before the filling column gets too narrow."""
    fills: bool = False
    """Whether it takes the cells that the others leave."""
    live: bool = False
    """Whether it shows reports; a text replaces such columns for a station without any."""
    align_right: bool = False
    quiet: bool = False
    """Whether its text is painted in the colour of what matters less."""
    long_head: str = ""
    """The heading if the column is wide enough for it."""
    squeezes: bool = False
    """Whether columns that can shrink do so before this one is left out."""

    @property
    def start_width(self) -> int:
        """The width to begin with."""
        return self.first_width or self.max_width

    @property
    def is_measured(self) -> bool:
        """Whether its width depends on what the stations have to show in it."""
        return not self.fills and self.min_width < self.max_width

    def heading(self, width: int) -> str:
        """Return the heading that fits into ``width`` cells."""
        return self.long_head if self.long_head and width >= len(self.long_head) else self.head


# Texts


def _free(row: ListedStation) -> str:
    return row.summary.text if row.summary is not None else ""


def _measured_id(row: ListedStation) -> str:
    # Without a name the id is in the name's column.
    return row.station_id if row.facts.name else ""


def _distance(row: ListedStation) -> str:
    km = row.station_list.distance(row.station_id)
    return "" if km is None else distance_text(km)


def _price(row: ListedStation) -> str:
    kwh = row.facts.kwh_price
    return "" if kwh is None else f"{kwh:.2f}"


def _long_price(row: ListedStation) -> str:
    price = row.facts.price
    return "" if price is None else price.text


def plug_parts(plug: Plug, facts: Facts) -> tuple[str, str, int]:
    """Return the short name of a plug, its power in kW, and how many other kinds a station has:
    ``CCS``, ``150``, 2. A power that is not known is empty."""
    power = f"{plug.kw:g}" if plug.kw else ""
    others = len({each.name for each in facts.plugs}) - 1
    return _SHORT_PLUGS.get(plug.name, plug.name), power, others


def _plug(row: ListedStation) -> str:
    return _plug_text(row.station_list.best_plug(row.station_id), row.facts)


def _measured_plug(row: ListedStation) -> str:
    # Without the other kinds if they have no room.
    return _plug_text(row.facts.best_plug, row.facts, MAX_PLUG_WIDTH)


def _plug_text(plug: Plug | None, facts: Facts, width: int | None = None) -> str:
    """Return ``CCS 150 +2``, or ``CCS 150`` if that is wider than ``width``."""
    if plug is None:
        return ""
    name, power, others = plug_parts(plug, facts)
    text = f"{name} {power}".strip()
    whole = f"{text} +{others}" if others > 0 else text
    return whole if width is None or len(whole) <= width else text


class ListColumn(StrEnum):
    """A column that the user can show, hide and move, by its id in the config.

    One row each, in the usual order. Distance, plug and place have room before the id: a driver
    looks for where a charger is, and what it has, and reads its whole name.
    """

    definition: Column

    FREE = Column(
        "free",
        "Free",
        "Free and total connectors",
        _free,
        min_width=5,
        max_width=7,
        sort=Sort.FREE,
        gap=2,
        live=True,
        align_right=True,
    )
    CONNECTORS = Column(
        "connectors",
        "Now",
        "Condition of each connector",
        None,
        min_width=4,
        max_width=12,
        sort=Sort.CONNECTORS,
        gap=2,
        first_width=10,
        grows_beyond=24,
        shrinks=True,
        live=True,
        long_head="Connectors",
    )
    ID = Column(
        "id",
        "Id",
        "Id",
        lambda row: row.station_id,
        min_width=3,
        max_width=12,
        measured=_measured_id,
        sort=Sort.ID,
        priority=5,
        spares=24,
        quiet=True,
    )
    NAME = Column(
        "name",
        "Station",
        "Name",
        lambda row: row.facts.name,
        min_width=1,
        max_width=1,
        sort=Sort.NAME,
        fills=True,
    )
    PLACE = Column(
        "place",
        "Place",
        "Place",
        lambda row: row.facts.place,
        min_width=5,
        max_width=12,
        sort=Sort.PLACE,
        priority=3,
        first_width=8,
        grows_beyond=18,
        quiet=True,
    )
    DISTANCE = Column(
        "distance",
        "Away",
        "Distance from home or the filter's place",
        _distance,
        min_width=5,
        max_width=8,
        sort=Sort.DISTANCE,
        priority=1,
        align_right=True,
        squeezes=True,
    )
    PRICE = Column(
        "price",
        "kWh",
        "Lowest price per kWh",
        _price,
        min_width=4,
        max_width=6,
        long_text=_long_price,
        sort=Sort.PRICE,
        priority=4,
        align_right=True,
    )
    PLUG = Column(
        "plug",
        "Plug",
        "Strongest plug and number of other kinds",
        _plug,
        min_width=4,
        max_width=MAX_PLUG_WIDTH,
        measured=_measured_plug,
        sort=Sort.POWER,
        priority=2,
        first_width=8,
        grows_beyond=17,
        align_right=True,
        quiet=True,
        squeezes=True,
    )
    CHANGED = Column(
        "changed",
        "Changed",
        "Age of the last change",
        None,
        min_width=8,
        max_width=8,
        sort=Sort.CHANGED,
        live=True,
        align_right=True,
    )

    def __new__(cls, definition: Column) -> ListColumn:
        """Take the id of a row as the value."""
        member = str.__new__(cls, definition.id)
        member._value_ = definition.id
        member.definition = definition
        return member


def shown_columns(chosen: Sequence[ListColumn]) -> tuple[ListColumn, ...]:
    """Return the columns to show: all without a choice. The name is always among them."""
    columns = tuple(dict.fromkeys(chosen)) or tuple(ListColumn)
    return columns if ListColumn.NAME in columns else (ListColumn.NAME, *columns)
