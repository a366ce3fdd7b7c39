"""Tests of counting undocumented status words."""

from __future__ import annotations

import pytest

from nobil_tui.charging.station import Connector
from nobil_tui.monitor.unknown_words import MAX_WORDS, UnknownWords
from nobil_tui.wire.status_words import connector_from


def after(*words: str) -> UnknownWords:
    unknown_words = UnknownWords()
    for word in words:
        unknown_words.note(connector_from(word))
    return unknown_words


def test_word_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    found = after("AVAILABLE", "DANCING", "UNKNOWN", "DANCING", "", "DANCING", "available")
    assert found.reports == 5
    assert found.words == {"DANCING": 3, "": 1, "available": 1}
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == [
        "DANCING",
        "(empty)",
        "available",
    ]


def test_counted_and_logged_words_are_limited(caplog: pytest.LogCaptureFixture) -> None:
    found = after(*(f"WORD{number}" for number in range(MAX_WORDS * 10)))
    assert found.reports == MAX_WORDS * 10
    assert len(found.words) == MAX_WORDS
    assert len(caplog.records) == MAX_WORDS + 1


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("AVAILABLE", "REMOVED"), ""),
        (("SINGING",), "1 report with unknown words: SINGING"),
        (("SINGING", "SINGING", "", "CHARGING"), "3 reports with unknown words: SINGING, (empty)"),
        (tuple("ABCD") * 500, "2,000 reports with unknown words: A, B, C, and more"),
    ],
)
def test_text_names_count_and_words(words: tuple[str, ...], text: str) -> None:
    assert after(*words).text == text


def test_stream_without_words_counts_none() -> None:
    unknown_words = UnknownWords()
    unknown_words.note(Connector(7, 0))
    assert unknown_words == UnknownWords()
