"""Completions of a filter: which words are offered, and that each is valid."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.search.completion import MAX_COMPLETIONS, completions, insert_completion, word_at
from nobil_tui.search.fields import FieldValues
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.index import StationIndex
from tests.for_each import for_each

VALUES: FieldValues = {
    "op": ("Recharge", "Mer", "Circle K", 'The "Best"', "A,B"),
    "owner": ("Bærum kommune",),
    "place": ("Oslo", "Mo i Rana", "Bærum"),
    "plug": ("ccs", "type2", "cee"),
}


def offered(text: str, cursor: int | None = None) -> list[str]:
    return completions(text, len(text) if cursor is None else cursor, VALUES)


@for_each(
    ("text", "words"),
    [
        ("c", ["ccs", "chademo", "country:"]),
        ("ccs fr", ["free"]),
        ("-te", ["-tesla"]),
        ("n", ["name:", "near:", "near"]),
        (">", [">=50kw", ">=150kw", ">=300kw"]),
        ("ccs", []),
        ("op:", ["op:recharge", "op:mer", 'op:"Circle K"', 'op:"The "', 'op:"A,B"']),
        ("op:ci", ['op:"Circle K"']),
        ('op:"circle k', ['op:"Circle K"']),
        ("operator:me", ["operator:mer"]),
        ("-op:m", ["-op:mer"]),
        ("place:bae", ["place:bærum"]),
        # A later word of a name does, after those that begin so.
        ("place:bär", ["place:bærum"]),
        ("place:ra", ['place:"Mo i Rana"']),
        ("owner:k", ['owner:"Bærum kommune"']),
        ("plug:c", ["plug:ccs", "plug:chademo", "plug:cee"]),
        ("country:s", ["country:swe"]),
        ("within:2", ["within:20km"]),
        ("near:", ["near:home"]),
        ("id:", []),
        ("what:", []),
        ("zzz", []),
    ],
)
def test_completions_of_a_word(text: str, words: list[str]) -> None:
    assert offered(text) == words


def test_empty_line_offers_words() -> None:
    assert offered("") == offered("ccs ")
    assert offered("")[:2] == ["free", "occupied"]
    assert len(offered("")) == MAX_COMPLETIONS


def test_without_a_register_only_the_language_is_offered() -> None:
    assert completions("op:", 3) == []
    assert completions("plug:t", 6) == ["plug:type2", "plug:type1", "plug:tesla"]


def test_word_before_the_cursor_is_completed() -> None:
    assert offered("op:me oslo", 5) == ["op:mer"]
    assert insert_completion("op:me oslo", 5, "op:mer") == ("op:mer oslo", 6)
    assert insert_completion("oslo f", 6, "free") == ("oslo free ", 10)
    assert insert_completion("oslo o", 6, "op:") == ("oslo op:", 8)
    assert insert_completion('op:"circle k', 12, 'op:"Circle K"') == ('op:"Circle K" ', 14)


@given(st.text(), st.integers(-5, 50))
def test_no_text_raises(text: str, cursor: int) -> None:
    start, end = word_at(text, cursor)
    assert 0 <= start <= end <= len(text)
    for word in completions(text, cursor, VALUES):
        insert_completion(text, cursor, word)


@for_each("text", ["op:", "place:", "owner:", "plug:", "country:", "within:", "-op:", "", "n", "o"])
def test_completions_are_valid_filters(text: str) -> None:
    for word in offered(text):
        if not word.endswith(":"):
            assert parse_query(word, (59.9, 10.7)).problems == ()


def test_field_values_are_sorted_by_frequency() -> None:
    station_index = StationIndex(
        register := Register(
            {
                "NOR_1": Facts(place="Oslo", operator="Mer", plugs=(Plug("Type 2 + Schuko"),)),
                "NOR_2": Facts(place="Bergen", owner="Recharge", plugs=(Plug("Type 2"),)),
                "NOR_3": Facts(place="Oslo", owner="Recharge"),
            }
        )
    )
    assert station_index.field_values == {
        "op": ("Recharge", "Mer"),
        "owner": ("Recharge",),
        "place": ("Oslo", "Bergen"),
        "plug": ("type2", "schuko"),
        # None has a position.
        "near": (),
    }
    register.replace({})
    assert not any(station_index.field_values.values())
