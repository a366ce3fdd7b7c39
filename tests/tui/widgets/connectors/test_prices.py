"""Prices in the connectors' pane."""

from __future__ import annotations

from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Facts, Plug
from tests.for_each import for_each
from tests.tui.widget_host import roster_of
from tests.tui.widgets.connectors.test_detail import connectors, showing

CCS, TYPE_2 = Plug("CCS", 150), Plug("Type 2", 22)
ENERGY = Price(kwh=0.5, start=1.0)


@for_each(
    ("prices", "line"),
    [
        ((ENERGY, ENERGY), "Price    0.50 €/kWh + 1.00 € start"),
        (
            (ENERGY, Price(kwh=0.3, at_least=True)),
            "Price    CCS 150: 0.50 €/kWh + 1.00 € start; Type 2 22: from 0.30",
        ),
        ((ENERGY, None), "Price    CCS 150: 0.50 €/kWh + 1.00 € start"),
        ((None, None), ""),
        ((), ""),
    ],
)
async def test_price(prices: tuple[Price | None, ...], line: str) -> None:
    facts = Facts(name="Kamppi", plugs=(CCS, TYPE_2), prices=prices)
    station_list = roster_of({"NOR_1": connectors((0, 0), (1, 0))}, {"NOR_1": facts})
    async with showing(station_list, width=110) as (app, _):
        assert app.line("Price").startswith(line)
        assert bool(app.line("Price")) is bool(line)
