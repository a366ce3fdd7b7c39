"""The texts of a station as a filter looks through them: folded once, so that a keystroke looks through a country."""

from __future__ import annotations

from msgspec import Struct

from nobil_tui.charging.register import Facts
from nobil_tui.search.folding import fold


class Document(Struct, frozen=True, gc=False):
    """One station as static terms see it."""

    id: str
    facts: Facts
    text: str
    """Its texts, folded, one a line in the order of ``COLUMNS``."""


COLUMNS = ("id", "name", "operator", "owner", "street", "place", "municipality", "county", "zipcode")
"""The texts that words are looked for in."""


def make_document(station: str, facts: Facts) -> Document:
    """Make the row of a station."""
    texts = [station, *(getattr(facts, column) for column in COLUMNS[1:])]
    return Document(station, facts, "\n".join(fold_line(text) for text in texts))


def fold_line(text: str) -> str:
    """Fold a text to one line, as it is looked for."""
    return " ".join(fold(text).split())
