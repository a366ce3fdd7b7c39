"""The tables of the filter language."""

from __future__ import annotations

from nobil_tui.search.fields import COUNTRY_BY_NAME, FIELD_BY_NAME, PLUG_BY_NAME, PLUGS
from nobil_tui.search.terms import LiveState


def test_every_name_means_one_thing() -> None:
    names = [name for plug in PLUGS for name in (plug.name, *plug.aliases)]
    assert sorted(names) == sorted(PLUG_BY_NAME)
    assert not PLUG_BY_NAME.keys() & {state.value for state in LiveState}
    assert not FIELD_BY_NAME.keys() & {"or", "http", "https"}
    assert all(name == name.lower() for name in COUNTRY_BY_NAME)
