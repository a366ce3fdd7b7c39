"""The text of a filter that is saved."""

from __future__ import annotations

from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Register
from nobil_tui.search.list_options import ListOptions
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.commands.filters import saved_text
from tests.for_each import for_each


@for_each(
    ("text", "saved"),
    [
        ("", "starred sort:id"),
        (" oslo ", "oslo starred sort:id"),
        ('"oslo s', '"oslo s" starred sort:id'),
        ('place:"oslo s"', 'place:"oslo s" starred sort:id'),
    ],
)
def test_switches_and_order_are_saved_too(text: str, saved: str) -> None:
    options = ListOptions(filter=text, starred_only=True, sort=Sort.ID)
    assert saved_text(StationList(Board(), Register(), options=options)) == saved
