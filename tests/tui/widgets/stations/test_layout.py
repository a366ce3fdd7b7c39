"""The layout of the station list: the columns that fit, and their widths."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.search.list_columns import MIN_NAME_WIDTH
from nobil_tui.tui.widgets.stations.columns import STATION_COLUMNS
from nobil_tui.tui.widgets.stations.layout import Layout, lay_out

NEEDS = st.fixed_dictionaries(
    {
        "free": st.integers(0, 9),
        "connectors": st.integers(0, 200),
        "id": st.sampled_from([0, 9, 12]),
        "place": st.sampled_from([0, 5, 12]),
        "distance": st.sampled_from([0, 6, 8]),
        "plug": st.sampled_from([0, 5, 9]),
    }
)
ALL = {"free": 5, "connectors": 12, "id": 9, "place": 12, "distance": 7, "plug": 8}
OPTIONAL = ("distance", "place", "plug", "id")


def laid_out(width: int, needs: dict[str, int]) -> Layout:
    return lay_out(STATION_COLUMNS, width, needs)


def shown(layout: Layout) -> list[str]:
    return [name for name in OPTIONAL if layout.width_of(name)]


@given(st.integers(50, 250), NEEDS)
def test_a_row_fills_the_width(width: int, needs: dict[str, int]) -> None:
    layout = laid_out(width, needs)
    assert sum(cells + column.gap for column, cells in layout.cells) == width
    assert layout.width_of("name") >= MIN_NAME_WIDTH
    for name in OPTIONAL:
        assert layout.width_of(name) <= needs[name]


@given(st.integers(0, 49), NEEDS)
def test_every_width_has_a_layout(width: int, needs: dict[str, int]) -> None:
    assert laid_out(width, needs).width_of("name") >= 1


def test_optional_columns_are_dropped_whole_by_priority() -> None:
    seen = [shown(laid_out(width, ALL)) for width in range(50, 130)]
    kept = [names for index, names in enumerate(seen) if index == 0 or names != seen[index - 1]]
    assert kept == [
        [],
        ["distance"],
        ["distance", "plug"],
        ["distance", "place", "plug"],
        [*OPTIONAL],
    ]


@given(st.integers(57, 250), NEEDS)
def test_the_plug_never_goes_away_in_a_wider_list(width: int, needs: dict[str, int]) -> None:
    """Also with a distance, and beside the connectors from 110 columns on."""
    needs = {**needs, "plug": 10, "connectors": 12}
    assert laid_out(width, {**needs, "distance": 0}).width_of("plug") >= 8
    if width >= 63:
        assert laid_out(width, {**needs, "distance": 8}).width_of("plug") >= 8


def test_empty_columns_are_dropped() -> None:
    assert shown(laid_out(200, {"free": 3, "connectors": 4})) == []


def test_places_grow_before_glyphs() -> None:
    narrow, middle, wide = (laid_out(width, ALL) for width in (79, 94, 150))
    names = ("place", "name", "connectors")
    assert [narrow.width_of(name) for name in names] == [10, 18, 10]
    assert [middle.width_of(name) for name in names] == [12, 21, 10]
    assert (wide.width_of("place"), wide.width_of("connectors")) == (12, 12)


def test_glyphs_shrink_before_names_in_a_very_narrow_list() -> None:
    layout = laid_out(44, ALL)
    assert (layout.width_of("connectors"), layout.width_of("name")) == (5, 16)


def test_the_report_width_is_that_of_counts_and_glyphs_with_their_gaps() -> None:
    assert laid_out(120, ALL).report_width == 5 + 2 + 12 + 2


def test_column_ids_and_priorities_are_unique() -> None:
    assert len({column.id for column in STATION_COLUMNS}) == len(STATION_COLUMNS)
    priorities = [column.priority for column in STATION_COLUMNS if column.priority]
    assert len({*priorities}) == len(priorities)
    assert sum(column.fills for column in STATION_COLUMNS) == 1


def test_the_id_leaves_room_for_whole_names() -> None:
    needs = {"free": 3, "connectors": 10, "id": 9, "place": 8, "plug": 8}
    shown = [lay_out(STATION_COLUMNS, width, needs) for width in range(40, 120)]
    with_id = [layout.width_of("name") for layout in shown if layout.width_of("id")]
    assert min(with_id) == 24
    assert not lay_out(STATION_COLUMNS, 76, needs).width_of("id")
