"""A typed id finds its station in other spellings, and nothing is guessed."""

from __future__ import annotations

from nobil_tui.search.station_ids import StationIds
from tests.for_each import for_each

IDS = StationIds(["NOR_01270", "NOR_00127", "NOR_39794", "SWE_1", "SWE_01", "1.5e9e7b", "fi-42"])


@for_each(
    ("text", "station"),
    [
        ("NOR_01270", "NOR_01270"),
        ("NOR_1270", "NOR_01270"),
        ("nor_39794", "NOR_39794"),
        (" nor-0127 ", "NOR_00127"),
        ("nor127", "NOR_00127"),
        ("SWE_1", "SWE_1"),
        ("1.5E9E7B", "1.5e9e7b"),
        ("FI_42", "fi-42"),
    ],
)
def test_id_in_another_spelling_is_found(text: str, station: str) -> None:
    assert IDS.find(text) == station


@for_each("text", ["", "NOR_", "NOR_127000", "swe_001", "Oslo", "1270", "_" * 10_000])
def test_nothing_is_guessed(text: str) -> None:
    assert IDS.find(text) is None


@for_each(
    ("text", "sentence"),
    [
        ("NOR_01271", 'No station has the id "NOR_01271". Did you mean "NOR_01270"?'),
        ("nor_39749", 'No station has the id "nor_39749". Did you mean "NOR_39794"?'),
        ("swe_001", '"swe_001" is ambiguous: it may be SWE_01 or SWE_1.'),
        ("Oslo", 'No station has the id "Oslo". To find stations by name, use a filter.'),
        ("DAN_5", 'No station has the id "DAN_5".'),
        ("\x1b[2J", 'No station has the id "·[2J". To find stations by name, use a filter.'),
    ],
)
def test_unknown_id_has_a_suggestion(text: str, sentence: str) -> None:
    assert IDS.problem(text) == sentence


def test_empty_text_means_no_station() -> None:
    assert StationIds([]).find("NOR_1") is None
    assert len(StationIds([])) == 0
