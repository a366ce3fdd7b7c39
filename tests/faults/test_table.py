"""The table of the fault tests: its rows pass through the reports of tests."""

from __future__ import annotations

import io
from typing import Literal

import pytest

from tests.faults.table import PROPERTY, FaultRow, RecordFault, print_table


class Reporter:
    """Keeps what is printed."""

    def __init__(self, **reports: list[object]) -> None:
        self.reports = reports
        self.text = io.StringIO()

    def getreports(self, outcome: str) -> list[object]:
        return self.reports.get(outcome, [])

    def section(self, title: str) -> None:
        print("==", title, file=self.text)

    def write_line(self, line: str) -> None:
        print(line.rstrip(), file=self.text)


def report_of(
    node: str, outcome: Literal["passed", "failed"], *rows: FaultRow
) -> pytest.TestReport:
    return pytest.TestReport(
        node, ("", 0, ""), {}, outcome, None, "call", user_properties=[(PROPERTY, r) for r in rows]
    )


def test_a_recorded_row_is_in_the_report(
    record_fault: RecordFault, request: pytest.FixtureRequest
) -> None:
    before = len(request.node.user_properties)
    record_fault("a row of its own test", 1, "nothing", "no state")
    [(name, row)] = request.node.user_properties[before:]
    # A plain tuple: a worker process could not send another type.
    assert type(row) is tuple
    assert (name, *row) == (PROPERTY, "a row of its own test", 1, "nothing", "no state", "held")
    request.node.user_properties.pop()


def test_rows_and_failures_are_printed() -> None:
    reporter = Reporter(
        passed=[report_of("a", "passed", FaultRow("one byte", 1234, "nothing", "exact", "held"))],
        failed=[report_of("tests/faults/test_x.py::test_y", "failed"), object()],
    )
    print_table(reporter)  # type: ignore[arg-type]
    lines = reporter.text.getvalue().splitlines()
    assert lines[0] == "== Faults"
    assert [cell.strip() for cell in lines[2].split("|")] == [
        *("one byte", "1234", "nothing", "exact", "held"),
    ]
    assert "FAILED" in lines[3]
    assert lines[4] == "2 kinds, 1,235 times"
    print_table(Reporter())  # type: ignore[arg-type]
