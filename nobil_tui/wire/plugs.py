"""Parse NOBIL's words for a connector's type and capacity into a plug name and its power in kW.

NOBIL keeps adding types and capacities, so their words are parsed instead of a table of their
numbers. Source: NOBIL's API documentation, and words seen in real responses.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import sqrt

from nobil_tui.base.patterns import LazyPattern
from nobil_tui.charging.register import Plug

MAX_KW = 10_000
"""A higher power is an error of the source: the largest chargers have some 4,000 kW."""

# Searched in this order; a match is removed before the next pattern is tried.
_KINDS = (
    ("CHAdeMO", LazyPattern(r"chademo", re.IGNORECASE)),
    ("CCS", LazyPattern(r"ccs\s*/\s*combo|\bccs\b|\bcombo\b", re.IGNORECASE)),
    ("MCS", LazyPattern(r"\bmcs\b|megawatt charging system", re.IGNORECASE)),
    ("Type 1", LazyPattern(r"\btype\s*1\b", re.IGNORECASE)),
    ("Type 2", LazyPattern(r"\btype\s*2\b|\bmennekes\b", re.IGNORECASE)),
    ("Type 3", LazyPattern(r"\btype\s*3\b", re.IGNORECASE)),
    ("Tesla", LazyPattern(r"\btesla\b", re.IGNORECASE)),
    ("Schuko", LazyPattern(r"\bschuko\b", re.IGNORECASE)),
)
_NAMES = {
    "30": "CHAdeMO",
    "31": "Type 1",
    "32": "Type 2",
    "39": "CCS",
    "40": "Tesla",
    "70": "Hydrogen",
    "82": "Biogas",
    "87": "MCS",
}
"""Plug names by type number, for a response without words."""
_POWER = LazyPattern(r"(?<![\d.,])(\d{1,6}(?:[.,]\d{1,4})?)\s*([km])w\b", re.IGNORECASE)
_VOLT = LazyPattern(r"(?<![\d.,])(\d{2,4})\s*v", re.IGNORECASE)
_AMPERE = LazyPattern(r"(?<![\d.,])(\d{1,4})\s*a\b", re.IGNORECASE)
_THREE_PHASE = LazyPattern(r"\b3[\s-]*(?:phase|fas)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def plug_of(kind: str, number: str, capacity: str) -> Plug:
    """Return the plug for a connector type in words and as a number, and a capacity in words.

    All three may be empty.
    """
    return Plug(_name(kind, number), _kw(capacity))


def _name(kind: str, number: str) -> str:
    """Return the plug names found in ``kind``, in their order there, joined by ``+``."""
    if not kind:
        return _NAMES.get(number, "")
    found: list[tuple[int, str]] = []
    left = kind
    for name, pattern in _KINDS:
        if match := pattern.search(left):
            found.append((match.start(), name))
            left = pattern.sub(lambda some: " " * len(some[0]), left)
    if found:
        return " + ".join(name for _, name in sorted(found))
    return "" if kind.casefold() in ("unspecified", "unknown") else kind


def _kw(capacity: str) -> float:
    """Return the power in kW of a text like ``3,6 kW - 230V 1-phase max 16A``.

    Without a power, it is computed from volts and amperes; zero if these are missing too.
    """
    if match := _POWER.search(capacity):
        kw = float(match[1].replace(",", ".")) * (1000 if match[2] in "mM" else 1)
    elif (volt := _VOLT.search(capacity)) and (ampere := _AMPERE.search(capacity)):
        phases = sqrt(3) if _THREE_PHASE.search(capacity) else 1
        kw = round(int(volt[1]) * int(ampere[1]) * phases / 1000, 1)
    else:
        return 0.0
    return kw if 0 < kw <= MAX_KW else 0.0
