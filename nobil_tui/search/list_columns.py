"""The columns of the station list by their ids in the config, in the usual order."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class ListColumn(StrEnum):
    """A column that the user can show, hide and move."""

    FREE = "free"
    CONNECTORS = "connectors"
    ID = "id"
    NAME = "name"
    PLACE = "place"
    DISTANCE = "distance"
    PRICE = "price"
    PLUG = "plug"
    CHANGED = "changed"


def shown_columns(chosen: Sequence[ListColumn]) -> tuple[ListColumn, ...]:
    """Return the columns to show: all without a choice. The name is always among them."""
    columns = tuple(dict.fromkeys(chosen)) or tuple(ListColumn)
    return columns if ListColumn.NAME in columns else (ListColumn.NAME, *columns)
