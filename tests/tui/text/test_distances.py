from __future__ import annotations

from nobil_tui.tui.text.distances import distance_text, map_url, position_text
from tests.for_each import for_each


@for_each(
    ("km", "text"),
    [
        (0, "0 m"),
        (0.004, "0 m"),
        (0.346, "350 m"),
        (0.994, "990 m"),
        (0.996, "1.0 km"),
        (2.44, "2.4 km"),
        (9.94, "9.9 km"),
        (9.96, "10 km"),
        (38.2, "38 km"),
        (1204, "1204 km"),
        (20015, "20015 km"),
    ],
)
def test_distances(km: float, text: str) -> None:
    assert distance_text(km) == text


def test_positions() -> None:
    place = (59.87447, -10.49982)
    assert position_text(place) == "59.87447, -10.49982"
    assert map_url(place) == (
        "https://www.openstreetmap.org/?mlat=59.874470&mlon=-10.499820#map=17/59.874470/-10.499820"
    )
    # Never in scientific notation.
    assert "e" not in map_url((1e-9, -1e-9)).partition("?")[2]
