"""Docstrings, comments and messages avoid a list of words: plain English says it otherwise."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

from tests.architecture.imports import ROOT
from tests.for_each import for_each

AVOIDED = re.compile(
    r"\b(whoever|somebody|nobody|anew|(?-i:(?<!there )is none|(?<!there )are none)|told of"
    r"|stands?(?= (?:in|for|at|on|beside|by|there|here|where|once|apart|still)\b)"
    r"|the other way round|gives back|(?:is|are) told|for ever|without end"
    r"|(?:after|at|by|for|in|of|than|with|within) so many)\b",
    re.IGNORECASE,
)
LISTS = (Path(__file__), Path(__file__).with_name("test_interface_words.py"))
"""The modules that list the avoided words."""
TEXTS = (tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))


def avoided_in(source: str) -> list[str]:
    """Return ``line: word`` for each avoided word in the comments and strings of a module."""
    return [
        f"{token.start[0] + token.string[: found.start()].count(chr(10))}: {found[0]}"
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type in TEXTS
        for found in AVOIDED.finditer(token.string)
    ]


@pytest.mark.parametrize("package", ["nobil_tui", "tests"])
def test_no_avoided_word_in_the_code(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{each}"
        for path in sorted((ROOT / package).rglob("*.py"))
        if path not in LISTS
        for source in [path.read_text("utf-8")]
        # Taking a module apart takes long, and few have such words at all.
        if AVOIDED.search(source)
        for each in avoided_in(source)
    ]
    assert found == []


@for_each(
    "page",
    [
        "README.md",
        "nobil_tui/README.md",
        "nobil_tui/CHANGELOG.md",
        "tests/README.md",
        ".github/CONTRIBUTING.md",
    ],
)
def test_no_avoided_word_in_a_page(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert [found[0] for found in AVOIDED.finditer(text)] == []


def test_an_avoided_word_is_found_where_it_is_read() -> None:
    assert avoided_in('x = f"nobody {1}"  # whoever\n"""a\nanew"""\nstands = 1\n') == [
        "1: nobody",
        "1: whoever",
        "3: anew",
    ]
