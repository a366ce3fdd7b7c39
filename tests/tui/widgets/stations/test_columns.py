"""The painters of the station list's columns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nobil_tui.search import list_columns
from nobil_tui.search.list_columns import Column, ListColumn
from nobil_tui.tui.widgets.stations.columns import STATION_COLUMNS, station_column

ROW = """
    OPERATOR = Column(
        "operator",
        "Run by",
        "Company that runs it",
        lambda row: row.facts.operator,
        min_width=6,
        max_width=14,
        priority=6,
        quiet=True,
    )
"""


def test_every_column_is_on_screen() -> None:
    assert [column.id for column in STATION_COLUMNS[1:]] == [*ListColumn]
    assert all(column.words for column in STATION_COLUMNS[1:])
    measured = {column.id for column in STATION_COLUMNS if column.measure is not None}
    assert measured == {*ListColumn} - {ListColumn.NAME, ListColumn.CHANGED}


def test_a_column_needs_a_text_or_a_painter() -> None:
    with pytest.raises(ValueError, match="the column mood has neither a text nor a painter"):
        station_column(Column("mood", "Mood", "Mood", None, 4, 4), None)


@pytest.mark.slow
def test_a_new_column_is_a_row_in_one_file(tmp_path: Path) -> None:
    """In its own process, with that file in place of ours."""
    before, mark, after = (
        Path(list_columns.__file__).read_text("utf-8").partition("    CHANGED = Column(")
    )
    path = tmp_path / "list_columns.py"
    path.write_text(f"{before}{ROW.lstrip(chr(10))}{mark}{after}", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.tui.widgets.stations.made_up_column", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    config, heads, row, dialog, listed = done.stdout.split("\n---\n")
    assert "free, connectors, id, name, place, distance, price, plug, operator, changed." in config
    assert "['operator', 'name']" in config
    assert heads.split() == ["Run", "by", "Station"]
    assert row.split() == ["▌", "Kraft", "AS", "Fornebu", "S"]
    # The dialog has room for all of them.
    assert len(dialog.splitlines()) == len(ListColumn) + 1
    assert "[x] Company that runs it" in dialog
    assert listed.splitlines()[0].split()[-1] == "operator"
    assert listed.splitlines()[1].endswith("Kraft AS")
