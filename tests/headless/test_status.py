"""The state of stations as text."""

from __future__ import annotations

import pytest

from nobil_tui.headless.status import status_text
from nobil_tui.wire.station_lines import StationLine


@pytest.mark.parametrize(
    ("seconds", "age"), [(30, "30 s"), (60, "1 min"), (7199, "119 min"), (7200, "2 h")]
)
def test_the_unconfirmed_time_is_shown_in_the_unit_that_fits(seconds: int, age: str) -> None:
    line = StationLine(
        time="2026-03-23T12:00:00.107Z",
        station="NOR_00001",
        name=None,
        place=None,
        condition="free",
        free=1,
        total=2,
        in_use=1,
        faults=0,
        unknown=0,
        distance_km=None,
        certainty="slightly stale",
        unconfirmed_s=seconds,
        credit=None,
        connectors=(),
    )
    assert f"1/2 free (slightly stale: unconfirmed for {age})" in status_text([line])
