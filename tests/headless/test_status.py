"""The state of stations as text."""

from __future__ import annotations

import pytest

from nobil_tui.charging.prices import Price
from nobil_tui.headless.status import status_text
from nobil_tui.wire.station_lines import ConnectorLine, StationLine


def line_of(
    certainty: str = "confirmed",
    seconds: int = 0,
    price: Price | None = None,
    connectors: tuple[ConnectorLine, ...] = (),
) -> StationLine:
    return StationLine(
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
        price=price,
        certainty=certainty,
        unconfirmed_s=seconds,
        credit=None,
        connectors=connectors,
    )


def connector_of(price: Price | None) -> ConnectorLine:
    return ConnectorLine(
        connector=1,
        condition="free",
        word=None,
        since="2026-03-23T12:00:00.107Z",
        since_at_least=False,
        certainty="confirmed",
        unconfirmed_s=0,
        plugs=("CCS 150",),
        price=price,
    )


@pytest.mark.parametrize(
    ("seconds", "age"), [(30, "30 s"), (60, "1 min"), (7199, "119 min"), (7200, "2 h")]
)
def test_the_unconfirmed_time_is_shown_in_the_unit_that_fits(seconds: int, age: str) -> None:
    text = status_text([line_of("slightly stale", seconds)])
    assert f"1/2 free (slightly stale: unconfirmed for {age})" in text


def test_prices_are_beside_the_connector_that_they_are_for() -> None:
    price = Price("EUR", kwh=0.45, start=1.0)
    line = line_of(price=price, connectors=(connector_of(None), connector_of(price)))
    head, first, second, _ = status_text([line]).split("\n")
    assert head == "NOR_00001  1/2 free"
    assert first.endswith("  CCS 150")
    assert second.endswith("  CCS 150  0.45 €/kWh + 1.00 € start")


def test_a_price_of_unknown_connectors_is_that_of_the_station() -> None:
    line = line_of(price=Price("\x1b", kwh=0.45), connectors=(connector_of(None),))
    head = status_text([line]).split("\n")[0]
    assert head.startswith("NOR_00001  1/2 free  0.45 ")
    assert "\x1b" not in head
