from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.tui.widgets.stations.columns import CHANGED, EDGE, NAME_LEAST, Columns, Needs, lay_out

NEEDS = st.builds(
    Needs,
    free=st.integers(0, 9),
    glyphs=st.integers(0, 200),
    id=st.sampled_from([0, 9, 12]),
    place=st.sampled_from([0, 4, 12]),
    distance=st.sampled_from([0, 6, 8]),
    plug=st.sampled_from([0, 5, 9]),
)
ALL = Needs(free=5, glyphs=12, id=9, place=12, distance=7, plug=8)
OPTIONAL = ("distance", "place", "plug", "id")


def cells(columns: Columns) -> int:
    """The cells that a row takes, with what follows each column."""
    shown = [width + 1 for width in (columns.id, columns.name, columns.place, columns.distance, columns.plug) if width]
    return EDGE + columns.volatile + sum(shown) + CHANGED


def shown(columns: Columns) -> list[str]:
    return [name for name in OPTIONAL if getattr(columns, name)]


@given(st.integers(50, 250), NEEDS)
def test_a_row_fills_the_width_but_for_one_cell(width: int, needs: Needs) -> None:
    columns = lay_out(width, needs)
    assert cells(columns) == width - 1
    assert columns.name >= NAME_LEAST
    for name in OPTIONAL:
        assert getattr(columns, name) <= getattr(needs, name)


@given(st.integers(0, 49), NEEDS)
def test_no_width_is_too_small_to_be_laid_out(width: int, needs: Needs) -> None:
    columns = lay_out(width, needs)
    assert columns.name >= 1


def test_columns_go_away_whole_and_least_needed_first() -> None:
    seen = [shown(lay_out(width, ALL)) for width in range(50, 130)]
    kept = [columns for index, columns in enumerate(seen) if index == 0 or columns != seen[index - 1]]
    assert kept == [[], ["distance"], ["distance", "place"], ["distance", "place", "plug"], list(OPTIONAL)]


def test_what_has_nothing_in_it_is_not_drawn() -> None:
    assert shown(lay_out(200, Needs(free=3, glyphs=4))) == []


def test_what_is_left_over_goes_to_places_and_then_to_glyphs() -> None:
    narrow, middle, wide = (lay_out(width, ALL) for width in (67, 94, 150))
    assert (narrow.place, narrow.name, narrow.glyphs) == (8, 17, 10)
    assert (middle.place, middle.name, middle.glyphs) == (12, 21, 10)
    assert (wide.place, wide.glyphs) == (12, 12)


def test_a_very_narrow_list_has_fewer_glyphs_before_its_names_are_cut() -> None:
    columns = lay_out(44, ALL)
    assert (columns.glyphs, columns.name) == (5, 16)
