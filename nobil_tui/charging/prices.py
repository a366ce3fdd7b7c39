"""Prices of charging: per kWh, per minute and per session.

All amounts are in the price's currency and include tax if the source states its rate.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

_SYMBOLS = {"EUR": "€", "GBP": "£", "": ""}

MAX_PRICE = 10_000.0
"""A higher amount is an error of the source."""


class Price(Struct, frozen=True, gc=False):
    """A price. Amounts that are unknown or not charged are ``None``."""

    currency: str = "EUR"
    """Three letters of ISO 4217."""
    kwh: float | None = None
    """For each kWh."""
    minute: float | None = None
    """For each minute of charging."""
    start: float | None = None
    """For each session."""
    parking_minute: float | None = None
    """For each minute of parking after charging."""
    at_least: bool = False
    """Whether it is a minimum: it can be higher, for example at some times of day."""
    before_tax: bool = False
    """Whether tax at an unknown rate is added."""

    @property
    def text(self) -> str:
        """The price in words: ``from 0.45 €/kWh + 0.10 €/min + 1.00 € start``."""
        if self == Price(self.currency, kwh=0):
            return "free of charge"
        sign = _SYMBOLS.get(self.currency, self.currency)
        parts = [
            f"{amount:.{_digits(amount)}f} {sign}{unit}"
            for amount, unit in (
                (self.kwh, "/kWh"),
                (self.minute, "/min"),
                (self.start, " start"),
                (self.parking_minute, "/min parking"),
            )
            if amount is not None
        ]
        return f"{'from ' * self.at_least}{' + '.join(parts)}{' + VAT' * self.before_tax}"

    @property
    def order(self) -> tuple[float, float, float]:
        """Sort key, cheapest first: by kWh, then by minute, then by session."""
        return _amount(self.kwh), _amount(self.minute), _amount(self.start)


def cheapest(prices: Iterable[Price | None]) -> Price | None:
    """Return the cheapest known price; None if no price is known."""
    return min(
        (price for price in prices if price is not None),
        key=lambda price: price.order,
        default=None,
    )


def _digits(amount: float) -> int:
    """Return the number of decimals to show: 2, or 3 for tenths of a cent."""
    return 2 if round(amount, 2) == round(amount, 3) else 3


def _amount(amount: float | None) -> float:
    return float("inf") if amount is None else amount
