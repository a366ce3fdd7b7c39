"""The exported event log credits the source of the names."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from textual.widgets import Input

from nobil_tui.charging.events import Connected, Snapshot, StationReport
from nobil_tui.charging.register import CREDIT, Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.register.cache import save_register
from tests.conftest import START, FakeClock
from tests.tui.app_driver import HandSource, live, opened, setup_of, text_of, until

NAMES = {"NOR_1": Facts(name="Fornebu S")}


def station(name: str, status: int) -> Station:
    return Station(name, [Connector(status, 0, START)])


async def export(tmp_path: Path, name: str, its_own: Register | None) -> str:
    """Export changes of a station with a name and of one without. Return the text of the dialog."""
    clock, path = FakeClock(), tmp_path / "register"
    save_register(path, NAMES, {})
    source = HandSource(clock, its_own)
    source.feed.put(Connected(START), Snapshot([station("NOR_1", 0), station("NOR_2", 0)], START))
    async with opened(setup_of(clock, source, register_path=path)) as pilot:
        main = await live(pilot)
        await until(pilot, lambda: "Fornebu S" in "\n".join(text_of(pilot)))
        source.feed.put(
            StationReport(station("NOR_1", 1), START + 1),
            StationReport(station("NOR_2", 1), START + 2),
        )
        await until(pilot, lambda: main.live_updates.painted == 3)
        await pilot.press("x")
        await pilot.pause()
        said = "\n".join(text_of(pilot))
        pilot.app.screen.query_one("#path", Input).value = str(tmp_path / name)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is main)
    return said


@pytest.mark.parametrize("made_up", [False, True])
async def test_names_of_the_register_are_credited(tmp_path: Path, made_up: bool) -> None:
    credit = None if made_up else CREDIT
    said = await export(tmp_path, "log.jsonl", Register(NAMES) if made_up else None)
    assert (CREDIT in said) is not made_up
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(line["name"], line["credit"]) for line in lines] == [
        ("Fornebu S", credit),
        (None, None),
    ]


async def test_a_csv_file_has_a_column_for_the_credit(tmp_path: Path) -> None:
    await export(tmp_path, "log.csv", None)
    with (tmp_path / "log.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = [*csv.DictReader(file)]
    assert [(row["name"], row["credit"]) for row in rows] == [("Fornebu S", CREDIT), ("", "")]
