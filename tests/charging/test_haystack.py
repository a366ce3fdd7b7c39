"""Looking for words: whatever the case, the accents and the order."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.charging import haystack
from nobil_tui.charging.haystack import Haystack, fold
from nobil_tui.charging.register import Facts, Register

REGISTER = Register(
    {
        "NOR_01333": Facts(name="Fornebu S", place="Bærum", operator="Strømstad Lading"),
        "NOR_00012": Facts(name="Ålesund Sentrum", place="Ålesund", street="Storgata 4"),
        "SWE_00007": Facts(name="Malmö Södra", place="Malmö", operator="Elbil Öst"),
        "NOR_00999": Facts(name="Kárášjohka N\N{LATIN CAPITAL LETTER ENG}", place="Karasjok"),
    }
)
EVERY = [*REGISTER, "DAN_00001"]


@pytest.mark.parametrize(
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
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == fold(text)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], EVERY),
        (["fornebu"], ["NOR_01333"]),
        (["FORNEBU"], ["NOR_01333"]),
        (["s", "fornebu"], ["NOR_01333"]),
        (["fornebu", "baerum"], ["NOR_01333"]),
        (["bærum"], ["NOR_01333"]),
        (["stromstad"], ["NOR_01333"]),
        (["alesund"], ["NOR_00012"]),
        (["storgata"], []),  # the street is not looked through
        (["nor_", "9"], ["NOR_00999"]),
        (["karasjohka", "nŋ"], ["NOR_00999"]),
        (["malmo", "ost"], ["SWE_00007"]),
        (["dan_00001"], ["DAN_00001"]),  # a station that the register lacks is found by its id
        (["fornebu", "malmo"], []),
        (["sentrumalesund"], []),
    ],
)
def test_matching(words: list[str], found: list[str]) -> None:
    assert Haystack(REGISTER).matching(EVERY, words) == found


def test_nothing_is_found_across_two_texts() -> None:
    register = Register({"A": Facts(name="Nord", place="Sund")})
    assert Haystack(register).matching(["A"], ["nords"]) == []


@given(st.permutations(EVERY), st.lists(st.sampled_from(["nor", "s", "MALMÖ", "u", "0", "1", "zzz"]), max_size=3))
def test_the_order_of_the_ids_stays_and_that_of_the_words_is_free(ids: list[str], words: list[str]) -> None:
    searched = Haystack(REGISTER)
    found = searched.matching(ids, words)
    assert found == [station for station in ids if station in found]
    assert searched.matching(ids, words[::-1]) == found
    assert searched.matching(found, words) == found


def test_a_register_that_is_renewed_is_looked_through_anew() -> None:
    register = Register({"A": Facts(name="Moss")})
    searched = Haystack(register)
    assert searched.matching(["A"], ["moss"]) == ["A"]
    register.replace({"A": Facts(name="Oslo")})
    assert searched.matching(["A"], ["moss"]) == []
    assert searched.matching(["A"], ["oslo"]) == ["A"]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(haystack, "_MOST_UNKNOWN", 3)
    searched = Haystack(REGISTER)
    ids = [f"XXX_{number}" for number in range(100)]
    for _ in range(2):
        assert searched.matching(ids, ["xxx", "7"]) == [station for station in ids if "7" in station]
    assert len(searched._texts) <= len(REGISTER) + 4
