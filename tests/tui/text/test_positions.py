"""Positions as text, and the URL of a map."""

from __future__ import annotations

from nobil_tui.tui.text.positions import map_url, position_text


def test_positions() -> None:
    place = (59.87447, -10.49982)
    assert position_text(place) == "59.87447, -10.49982"
    assert map_url(place) == (
        "https://www.openstreetmap.org/?mlat=59.874470&mlon=-10.499820#map=17/59.874470/-10.499820"
    )
    # Never in scientific notation.
    assert "e" not in map_url((1e-9, -1e-9)).partition("?")[2]
