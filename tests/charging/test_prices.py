"""Tests of price texts and of the cheapest price."""

from __future__ import annotations

from nobil_tui.charging.prices import Price, cheapest
from tests.for_each import for_each


@for_each(
    ("price", "text"),
    [
        (Price(kwh=0.45), "0.45 €/kWh"),
        (Price(kwh=0.455), "0.455 €/kWh"),
        (Price(kwh=0.4551), "0.455 €/kWh"),
        (Price(kwh=0.45, minute=0.1, start=1), "0.45 €/kWh + 0.10 €/min + 1.00 € start"),
        (Price(kwh=0.45, at_least=True), "from 0.45 €/kWh"),
        (Price(kwh=0.45, before_tax=True), "0.45 €/kWh + VAT"),
        (Price("SEK", kwh=4.5), "4.50 SEK/kWh"),
        (Price(minute=0.2, parking_minute=0.5), "0.20 €/min + 0.50 €/min parking"),
        (Price(kwh=0), "free of charge"),
        (Price("SEK", kwh=0), "free of charge"),
        (Price(kwh=0, at_least=True), "from 0.00 €/kWh"),
        (Price(kwh=0, parking_minute=0.1), "0.00 €/kWh + 0.10 €/min parking"),
    ],
)
def test_text(price: Price, text: str) -> None:
    assert price.text == text


def test_cheapest_compares_kwh_first() -> None:
    by_kwh, by_minute, dearer = Price(kwh=0.3, start=2), Price(minute=0.05), Price(kwh=0.4)
    assert cheapest([dearer, None, by_minute, by_kwh]) is by_kwh
    assert cheapest([None, by_minute]) is by_minute
    assert cheapest([None]) is None
