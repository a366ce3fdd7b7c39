"""Shared by the fault tests: their table, and apps that run without sleeping."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.table import RecordFault, recorder
from tests.tui.pilot_waits import no_sleeping, style_sheets_parsed_once

__all__ = ["no_sleeping", "style_sheets_parsed_once"]

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the bench as slow."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("slow")


@pytest.fixture(autouse=True)
def _restore_hooks() -> Iterator[None]:
    """Let pytest see what nothing handles, after a test that has started a log."""
    hooks = threading.excepthook, sys.unraisablehook
    yield
    threading.excepthook, sys.unraisablehook = hooks


@pytest.fixture
def record_fault(request: pytest.FixtureRequest) -> RecordFault:
    """Return ``record_fault(fault, times, seen, state, verdict)``: add a row to the table."""
    return recorder(request)
