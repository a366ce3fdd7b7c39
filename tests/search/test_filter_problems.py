"""Mistakes in a filter: where each is, and what would be right."""

from __future__ import annotations

from nobil_tui.search.filter_parser import MAX_FILTER_LENGTH, parse_query
from tests.for_each import for_each

OSLO = (59.91, 10.75)


@for_each(
    ("text", "start", "words"),
    [
        ("ccs oper:x", 4, "did you mean op:?"),
        ("contry:nor", 0, "did you mean country:?"),
        ("xyz:1", 0, "unknown field xyz: – the fields are name, op, owner"),
        (">=fast", 0, "> needs a number of kW"),
        ("op:", 0, "op: needs an operator, as in op:recharge"),
        ("plug:chadmo", 0, "did you mean chademo?"),
        ("country:swedn", 0, "did you mean sweden?"),
        ("country:xyz", 0, "unknown country xyz – the countries are nor, swe"),
        ("near:oslo", 0, "no station is in oslo"),
        ("near:1", 0, "near: needs a place, or a latitude and a longitude"),
        ("parking:maybe", 0, "parking: needs free or paid, as in parking:free"),
        ("price<", 0, "price< needs a number, as in price<0.40"),
        ("price<cheap", 0, "price<cheap needs a number, as in price<0.40"),
        ("price<0.40€", 0, "price<0.40€ needs a number, as in price<0.40"),
        ("oslo free>=two", 5, "free>=two needs a number, as in free>=2"),
        ("oslo free>=", 5, "free>= needs a number, as in free>=2"),
        ("CCS≥", 0, "CCS≥ needs a number, as in ccs>=150"),
        ("stale>=2", 0, "compare ccs>=150 or free>=2"),
        ("oslo>=2", 0, "compare ccs>=150 or free>=2"),
        ("near:91,10", 0, "no such position"),
        ("near:59,10 near:60,11", 11, "only one position"),
        ("-near", 0, "cannot be negated"),
        ("within:far", 0, "within: needs a distance, as in within:20km"),
        ("within:0km", 0, "needs a distance up to 20,040 km"),
        ("within:999999km", 0, "needs a distance up to 20,040 km"),
        (
            "x" * (MAX_FILTER_LENGTH + 1),
            MAX_FILTER_LENGTH,
            f"only the first {MAX_FILTER_LENGTH} characters",
        ),
    ],
)
def test_problem_has_a_position_and_a_hint(text: str, start: int, words: str) -> None:
    (mistake,) = parse_query(text, OSLO).problems
    assert (mistake.start, mistake.end > start) == (start, True)
    assert words in mistake.message


def test_near_without_a_home_is_a_problem() -> None:
    for text in ("near", "within:20km", "near:home"):
        query = parse_query(text)
        assert not query
        assert "press H on a station" in query.problems[0].message
