"""The locator finds each key, value and comment, however the document is written."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings

from nobil_tui.config.toml_spans import TomlSpans
from tests.config.documents import Written, documents


def value_at(document: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


@pytest.mark.slow
@settings(max_examples=25)
@given(documents())
def test_every_key_value_and_comment_is_located(written: Written) -> None:
    places = TomlSpans(written.text)
    assert {path: places.line(path) for path in written.lines} == written.lines
    assert set(places.keys) == set(written.lines)
    document = tomllib.loads(written.text)
    for path, span in places.values.items():
        found = tomllib.loads(f"x = {written.text[span.start : span.end]}")["x"]
        assert repr(found) == repr(value_at(document, path))
    comments = [written.text[span.start : span.end] for span in places.comments]
    assert comments == written.comments
    # Windows line ends change no line.
    places = TomlSpans(written.text.replace("\n", "\r\n"))
    assert {path: places.line(path) for path in written.lines} == written.lines


def test_line_of_a_missing_path_is_its_parents() -> None:
    places = TomlSpans('\n[stream]\nsource = "x"\n')
    assert places.line(("stream", "api_key")) == 2
    assert places.line(("home", "position", 1)) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[interface.keys]\nstar = "x"\n[interface]\nsort = "id"\n', 3),
        ('[interface.keys]\nstar = "x"\n', 1),
        ('\ninterface.sort = "id"\n', 2),
        ("\n\ninterface = { ascii = true }\n", 3),
    ],
)
def test_a_table_is_at_its_own_header(text: str, line: int) -> None:
    assert TomlSpans(text).line(("interface",)) == line


def test_lists_of_tables_within_lists_of_tables() -> None:
    places = TomlSpans("[[a]]\n[[a.b]]\nc = 1\n[a.d]\n[[a]]\n[[a.b]]\n[[a.b]]\nc = 2\n")
    lines = {
        path: places.line(path)
        for path in (("a", 0, "b", 0, "c"), ("a", 0, "d"), ("a", 1), ("a", 1, "b", 1, "c"))
    }
    assert list(lines.values()) == [3, 4, 5, 8]


def test_end_of_each_table() -> None:
    text = '[stream]\nsource = "x"\nsub.key = 1 # c\n# d\n[home]\n'
    places = TomlSpans(text)
    assert text[: places.tails[("stream",)]].endswith("sub.key = 1")
    assert text[: places.tails[("home",)]].endswith("[home]")


def test_too_deep_nesting_does_not_raise() -> None:
    depth = 100_000
    assert TomlSpans("a = 1\nb = " + "[" * depth + "]" * depth).line(("a",)) == 1
