"""Tests of changes as JSON Lines and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from nobil_tui.charging.board import Change
from nobil_tui.charging.register import CREDIT, Facts, Register
from nobil_tui.charging.station import Connector, WordConnector
from nobil_tui.wire.changes import changes_csv, json_line

T0 = 1_774_267_200_107
FREE, OCCUPIED = Connector(0, 0, T0), Connector(1, 0, T0)
NAMES = {
    "NOR_1": Facts(name="Fornebu S"),
    "NOR_2": Facts(place="Oslo"),
    "NOR_3": Facts(name='=HYPERLINK("x"),;'),
}


def change(
    station: str = "NOR_1", before: Connector | None = FREE, after: Connector | None = OCCUPIED
) -> Change:
    return Change(T0, station, 3, before, after, True)


def rows(*changes: Change, register: Register) -> list[dict[str, str]]:
    text = changes_csv(changes, register).decode("utf-8-sig")
    assert text.endswith("\r\n")
    return [*csv.DictReader(io.StringIO(text, newline=""))]


def line(one: Change, register: Register) -> dict[str, Any]:
    text = json_line(one, register)
    assert text.endswith(b"\n")
    assert text.count(b"\n") == 1
    said: dict[str, Any] = json.loads(text)
    return said


def test_json_line_has_all_fields() -> None:
    assert line(change(), Register(NAMES, credit=CREDIT)) == {
        "time": "2026-03-23T12:00:00.107Z",
        "station": "NOR_1",
        "name": "Fornebu S",
        "connector": 3,
        "before": "free",
        "after": "occupied",
        "word": None,
        "missed": True,
        "credit": CREDIT,
    }


def test_csv_row_has_same_fields() -> None:
    (row,) = rows(change(), register=Register(NAMES, credit=CREDIT))
    assert row == {
        "time": "2026-03-23T12:00:00.107Z",
        "station": "NOR_1",
        "name": "Fornebu S",
        "connector": "3",
        "before": "free",
        "after": "occupied",
        "word": "",
        "missed": "true",
        "credit": CREDIT,
    }


def test_first_sight_and_removed_connector() -> None:
    both = [change(before=None, after=WordConnector(-1, 0, T0, word="DANCING")), change(after=None)]
    lines = [line(each, Register()) for each in both]
    assert [(said["before"], said["after"], said["word"]) for said in lines] == [
        (None, "unknown", "DANCING"),
        ("free", None, None),
    ]
    assert [
        (row["before"], row["after"], row["word"]) for row in rows(*both, register=Register())
    ] == [
        ("", "unknown", "DANCING"),
        ("free", "", ""),
    ]


@pytest.mark.parametrize(
    ("station", "credited"),
    [("NOR_1", True), ("NOR_2", True), ("NOR_never", False), ("NOR_3", True)],
)
def test_credit_is_present_for_stations_of_the_register(station: str, credited: bool) -> None:
    register = Register(NAMES, credit=CREDIT)
    assert line(change(station), register)["credit"] == (CREDIT if credited else None)
    assert rows(change(station), register=register)[0]["credit"] == (CREDIT if credited else "")


def test_ids_have_the_credit_of_the_stream() -> None:
    register = Register(credit=CREDIT)
    register.stream_credit = "of the stream"
    assert line(change("FI_1"), register)["credit"] == "of the stream"


def test_simulated_names_have_no_credit() -> None:
    said = line(change(), Register(NAMES))
    assert (said["name"], said["credit"]) == ("Fornebu S", None)
    assert rows(change(), register=Register(NAMES))[0]["credit"] == ""


def test_csv_quotes_formulas_and_keeps_columns() -> None:
    (row,) = rows(change("NOR_3"), register=Register(NAMES, credit=CREDIT))
    assert row["name"] == '\'=HYPERLINK("x"),;'
    assert None not in row
    assert line(change("NOR_3"), Register(NAMES))["name"] == '=HYPERLINK("x"),;'


def test_empty_csv_has_header() -> None:
    assert (
        changes_csv([], Register())
        == b"\xef\xbb\xbftime,station,name,connector,before,after,word,missed,credit\r\n"
    )
