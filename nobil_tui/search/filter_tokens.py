"""The tokens of the filter language, and the values that they hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from math import inf, nextafter

from nobil_tui.search.fields import PLUG_BY_NAME
from nobil_tui.search.plug_terms import PowerRange


@cache
def token_pattern() -> re.Pattern[str]:
    """Compile the pattern of a token, on first use: the first paint need not wait for it.

    A token does not begin with white space; otherwise, each space would take as long as a word.
    """
    number = r"\d{1,9}(?:[.,]\d{1,9})?"
    degrees = r"[-+]?\d{1,3}(?:\.\d{1,15})?"
    sign = "[<>]=?|[=≤≥]"
    plugs = "|".join(sorted(map(re.escape, PLUG_BY_NAME), key=len, reverse=True))
    plug = rf"typ[e]?\s[123]|{plugs}"
    return re.compile(
        rf"""
        (?=\S)(?P<minus>-?)
        (?:
          (?P<range>(?P<from>{number})\s*[-–]\s*(?P<to>{number})\s*kw(?!\S))
        | (?P<power>(?P<sign>{sign})\s*(?P<limit>{number})\s*(?:kw)?(?!\S))
        | (?P<exact>(?P<kw>{number})\s*kw(?!\S))
        | (?P<price>price:?\s*(?P<relation>{sign})\s*(?P<amount>{number})(?!\S))
        | (?P<printed>(?P<plug>{plug})\s+(?P<plugkw>\d{{1,3}}(?:[.,]\d)?)(?!\S))
        | (?P<compared>(?P<subject>typ[e]?\s[123]|\w+)(?P<how>{sign})\s*(?P<than>{number})
            \s*(?:kw)?(?!\S))
        | (?P<comparison>[<>≤≥=]\S*)
        | (?P<type>typ[e]?\s[123](?!\S))
        | (?P<place>near:\s*(?P<latitude>{degrees})\s*[,;]\s*(?P<longitude>{degrees})(?!\S))
        | (?P<radius>within:\s*(?P<reach>{number})\s*(?P<unit>km|m)?(?!\S))
        | (?:(?P<field>[^\W\d_]+):(?!//))?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]*))
        )
        """,
        re.VERBOSE | re.IGNORECASE,
    )


def number_of_text(text: str) -> float:
    """Return a number with a decimal point or comma."""
    return float(text.replace(",", "."))


def power_range(sign: str, kw: float) -> PowerRange:
    """Return the powers in kW that a comparison means."""
    ranges: dict[str, Callable[[float], PowerRange]] = {
        ">": lambda n: PowerRange(nextafter(n, inf), inf, f"more than {n:g} kW"),
        "<": lambda n: PowerRange(0, nextafter(n, -inf), f"less than {n:g} kW"),
        "=": lambda n: PowerRange(n - 0.05, n + 0.05, f"{n:g} kW"),
        "≥": lambda n: PowerRange(n, inf, f"{n:g} kW or more"),
        "≤": lambda n: PowerRange(0, n, f"{n:g} kW or less"),
    }
    return ranges[_one_sign(sign)](kw)


def price_range(sign: str, amount: float) -> tuple[float, float]:
    """Return the bounds of the prices that a comparison means, included."""
    # Equal is as shown: to the cent.
    return _bounds(sign, amount, (amount - 0.005, nextafter(amount + 0.005, -inf)))


def count_range(sign: str, number: float) -> tuple[float, float]:
    """Return the bounds of the counts that a comparison means, included."""
    return _bounds(sign, number, (number, number))


def _bounds(sign: str, number: float, equal: tuple[float, float]) -> tuple[float, float]:
    match _one_sign(sign):
        case "<":
            return 0.0, nextafter(number, -inf)
        case "≤":
            return 0.0, number
        case ">":
            return nextafter(number, inf), inf
        case "≥":
            return number, inf
        case _:
            return equal


def _one_sign(sign: str) -> str:
    return {">=": "≥", "<=": "≤"}.get(sign, sign)
