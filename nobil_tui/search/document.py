"""The searchable text of a station, folded once so that a keystroke can search a whole country."""

from __future__ import annotations

from msgspec import Struct

from nobil_tui.charging.register import Facts
from nobil_tui.search.fields import COLUMNS
from nobil_tui.search.folding import spellings

SPELLING_GAP = "\x1f"
"""A separator that no folded text contains, so that no match extends over two spellings."""


class Document(Struct, frozen=True, gc=False):
    """One station as the static terms of a filter see it."""

    id: str
    facts: Facts
    text: str
    """The folded texts, one per line, in the order of ``COLUMNS``.

    A text with two spellings is in its line twice, with ``SPELLING_GAP`` in between.
    """


def make_document(station: str, facts: Facts) -> Document:
    """Fold the texts of a station."""
    texts = [station, *(getattr(facts, column) for column in COLUMNS[1:])]
    return Document(station, facts, "\n".join(SPELLING_GAP.join(spellings(text)) for text in texts))
