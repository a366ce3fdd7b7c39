"""The line of each station: looked for or numbered, it is the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.search.listed import Listed

IDS = st.sampled_from([f"NOR_{n:05}" for n in range(8)])


@given(st.lists(IDS, unique=True), IDS, st.sets(IDS))
def test_a_line_is_the_same_looked_for_or_numbered(ids: list[str], station: str, stations: set[str]) -> None:
    listed = Listed(ids)
    looked_for = listed.line_of(station), listed.lacks(stations)
    assert listed.lines == dict(zip(ids, range(len(ids)), strict=True))
    assert (listed.line_of(station), listed.lacks(stations)) == looked_for
    assert looked_for == (ids.index(station) if station in ids else None, len(stations - {*ids}))
