"""Tests of the table of conditions and everything derived from it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.conditions import (
    BY_WORD,
    IN_USE,
    PLAIN_WORDS,
    Condition,
    condition_of,
    is_documented,
)
from tests.for_each import for_each


def test_values_are_row_numbers() -> None:
    assert [condition.value for condition in Condition] == [*range(len(Condition))]


def test_labels_words_and_meanings_are_unique() -> None:
    words = [word for condition in Condition for word in condition.words]
    assert len({*words}) == len(words) == len(BY_WORD)
    assert len({condition.label for condition in Condition}) == len(Condition)
    assert len({condition.meaning for condition in Condition}) == len(Condition)


@for_each(
    ("condition", "version_1"),
    [
        (Condition.FREE, (0, 0)),
        (Condition.OCCUPIED, (1, 0)),
        (Condition.BLOCKED, (1, 0)),
        (Condition.RESERVED, (1, 0)),
        (Condition.FAULT, (-1, 1)),
        (Condition.UNKNOWN, (-1, 0)),
        (Condition.NOT_IN_SERVICE, (-1, 0)),
    ],
)
def test_version_1_pairs(condition: Condition, version_1: tuple[int, int]) -> None:
    assert condition.version_1 == version_1


def test_stored_codes_never_change() -> None:
    assert {condition.name: condition.code for condition in Condition} == {
        "FREE": 0,
        "OCCUPIED": 1,
        "BLOCKED": 2,
        "RESERVED": 3,
        "FAULT": 4,
        "UNKNOWN": 5,
        "NOT_IN_SERVICE": 6,
    }


def test_counted_and_in_use() -> None:
    assert [each for each in Condition if not each.counted] == [Condition.NOT_IN_SERVICE]
    assert IN_USE == (Condition.OCCUPIED, Condition.BLOCKED, Condition.RESERVED)


def test_plain_words_are_unambiguous() -> None:
    assert {"INOPERATIVE", "PLANNED", "REMOVED"} == BY_WORD.keys() - PLAIN_WORDS


@given(st.text())
def test_undocumented_word_is_unknown(word: str) -> None:
    assert is_documented(word) == (word in BY_WORD)
    if word and not is_documented(word):
        assert condition_of(0, 0, word) is Condition.UNKNOWN
