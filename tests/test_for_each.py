"""A test with several cases runs each and names those that fail."""

from __future__ import annotations

import inspect

import pytest

from tests.for_each import for_each


def test_every_combination_is_run_and_failures_are_named() -> None:
    seen: list[tuple[int, str, bool]] = []

    @for_each("number", [1, 2])
    @for_each(("word", "sign"), [("a", True), ("b", False)])
    def check(number: int, word: str, sign: bool, tmp_path: str) -> None:
        assert tmp_path == "given"
        seen.append((number, word, sign))
        assert (number, word) != (2, "a")

    assert [*inspect.signature(check).parameters] == ["tmp_path"]
    with pytest.raises(AssertionError) as caught:
        check(tmp_path="given")
    assert seen == [(1, "a", True), (1, "b", False), (2, "a", True), (2, "b", False)]
    assert caught.value.__notes__ == [
        "The case: {'word': 'a', 'sign': True}",
        "The case: {'number': 2}",
    ]


async def test_coroutines_are_run_and_several_failures_are_a_group() -> None:
    @for_each("number", range(3))
    async def check(number: int) -> None:
        assert number == 1

    with pytest.raises(ExceptionGroup, match="2 cases fail"):
        await check()


def test_a_case_without_its_values_is_an_error() -> None:
    with pytest.raises(AssertionError, match="there is no case"):
        for_each("number", [])
    with pytest.raises(AssertionError, match="nothing"):
        for_each("nothing", [1])(lambda number: None)
    with pytest.raises(ValueError, match="is shorter"):
        for_each(("number", "word"), [(1,)])(lambda number, word: None)()
