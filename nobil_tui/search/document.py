"""The searchable text of a station, folded once, so that a keystroke can search a whole country."""

from __future__ import annotations

from msgspec import Struct

from nobil_tui.charging.register import Facts
from nobil_tui.search.fields import COLUMNS
from nobil_tui.search.folding import fold_line


class Document(Struct, frozen=True, gc=False):
    """One station as the static terms of a filter see it."""

    id: str
    facts: Facts
    text: str
    """The folded texts, one per line, in the order of ``COLUMNS``."""


def make_document(station: str, facts: Facts) -> Document:
    """Fold the texts of a station."""
    texts = [station, *(getattr(facts, column) for column in COLUMNS[1:])]
    return Document(station, facts, "\n".join(fold_line(text) for text in texts))
