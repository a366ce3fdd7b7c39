"""The options of the station list."""

from __future__ import annotations

from msgspec import Struct

from nobil_tui.charging.geo import Position
from nobil_tui.search.sorting import Sort


class ListOptions(Struct):
    """The contents and the order of the list. A new source gets the options of the last one."""

    sort: Sort = Sort.STARRED
    reverse: bool = False
    pin_starred: bool = True
    """Whether starred stations are on top in every order."""
    filter: str = ""
    """In the language of ``filter_parser.py``."""
    starred_only: bool = False
    faults_only: bool = False
    include_registered: bool = False
    """Whether stations are listed that are in the register but not in the stream."""
    home: Position | None = None
    """The position that distances are measured from, unless the filter names another."""
