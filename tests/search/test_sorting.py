"""The label of each order, whether it is live, and the time of the last change."""

from __future__ import annotations

from nobil_tui.charging.station import Connector, Station
from nobil_tui.search.sorting import Sort, changed_at
from tests.for_each import for_each


@for_each(
    ("sort", "words", "moves"),
    [
        (Sort.STARRED, "starred first", False),
        (Sort.NAME, "by name", False),
        (Sort.ID, "by id", False),
        (Sort.FREE, "most free first", True),
        (Sort.CHANGED, "last change first", True),
        (Sort.DISTANCE, "nearest first", False),
    ],
)
def test_label_and_liveness_of_each_order(sort: Sort, words: str, moves: bool) -> None:
    assert (sort.label, sort.is_live) == (words, moves)


def test_time_of_the_last_change() -> None:
    assert changed_at(Station("A", [Connector(0, 0, 5), Connector(1, 0, 9), Connector()])) == 9
    assert changed_at(Station("A", [])) == 0
