"""The table of the fault tests: what was tried, how often, and what the user saw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Protocol

import pytest

PROPERTY = "fault"
"""The name of the user property of a test's report that holds a row."""

State = Literal["exact", "marked", "ended", "no state"]
"""What the board showed after the fault: the same as the oracle, marked as not live, the program
had ended, or the fault concerns no state."""


class FaultRow(NamedTuple):
    """A row of the table."""

    fault: str
    times: int
    seen: str
    """What the user sees."""
    state: State
    verdict: str


class RecordFault(Protocol):
    """Add a row to the table, after the fault was tried ``times`` times."""

    def __call__(
        self, fault: str, times: int, seen: str, state: State, verdict: str = "held"
    ) -> None: ...


def recorder(request: pytest.FixtureRequest) -> RecordFault:
    """Return a function that adds a row to the report of the test that asks."""

    def record(fault: str, times: int, seen: str, state: State, verdict: str = "held") -> None:
        row = FaultRow(fault, times, seen, state, verdict)
        # Through the report, as a plain tuple: the test may run in a worker process.
        request.node.user_properties.append((PROPERTY, tuple(row)))

    return record


def print_table(reporter: pytest.TerminalReporter) -> None:
    """Print all recorded rows, and each failed test of the bench as a row of its own."""
    rows: list[FaultRow] = []
    for outcome in ("passed", "failed"):
        for report in reporter.getreports(outcome):
            if not isinstance(report, pytest.TestReport) or report.when != "call":
                continue
            properties: list[tuple[str, Any]] = report.user_properties
            rows += [FaultRow(*row) for name, row in properties if name == PROPERTY]
            if report.failed and "tests/faults/" in report.nodeid:
                rows.append(FaultRow(report.nodeid, 1, "see the failure", "no state", "FAILED"))
    if not rows:
        return
    reporter.section("Faults")
    for line in _lines(rows):
        reporter.write_line(line)
    reporter.write_line(f"{len(rows)} kinds, {sum(row.times for row in rows):,} times")


def _lines(rows: list[FaultRow]) -> Iterator[str]:
    texts = [[*FaultRow._fields], *([str(cell) for cell in row] for row in sorted(rows))]
    widths = [max(len(text[column]) for text in texts) for column in range(len(texts[0]))]
    for row in texts:
        yield " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
