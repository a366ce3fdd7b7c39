"""Folding texts, whatever their case and accents."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.search.folding import fold, spellings
from tests.for_each import for_each


@for_each(
    ("text", "folded"),
    [
        ("Fornebu S", "fornebu s"),
        ("ÅLESUND", "alesund"),
        ("Bærum", "baerum"),
        ("Øyer", "oyer"),
        ("Ǿ", "o"),  # an accent on a letter that is no letter and accent
        ("ǣ", "ae"),
        ("Malmö", "malmo"),
        ("Kárášjohka", "karasjohka"),
        ("Đŋŧ", "dnt"),
        ("Straße", "strasse"),
        ("Þórshöfn", "thorshofn"),
        ("№ 5", "no 5"),  # what is taken apart can be capitals
        ("ﬁne", "fine"),
        ("İstanbul Ilıca", "istanbul ilica"),
        ("日本", "日本"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
@example("Ǿ№℡ẞŉ")
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
@example("ıſŋ")
def test_case_and_composition_make_no_difference(text: str) -> None:
    assert fold(text.upper()) == fold(text.casefold()) == fold(text)
    assert (
        fold(unicodedata.normalize("NFD", text))
        == fold(unicodedata.normalize("NFC", text))
        == fold(text)
    )


@for_each(
    ("text", "both"),
    [
        ("Oslo", ("oslo",)),
        ("Tromsø", ("tromso", "tromsoe")),
        ("Göteborg", ("goteborg", "goeteborg")),
        ("Å lesund", ("a lesund", "aa lesund")),
        ("A\u030aRHUS", ("arhus", "aarhus")),
        ("Bærum", ("baerum",)),
        ("Västerås", ("vasteras", "vaesteraas")),
        ("Kárášjohka", ("karasjohka",)),
    ],
)
def test_scandinavian_letters_are_spelled_out(text: str, both: tuple[str, ...]) -> None:
    assert spellings(text) == both
