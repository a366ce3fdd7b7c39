"""Shared by the bench: its table."""

from __future__ import annotations

import pytest

from tests.faults.table import RecordFault, recorder


@pytest.fixture
def record_fault(request: pytest.FixtureRequest) -> RecordFault:
    """Return ``record_fault(fault, times, seen, state, verdict)``: add a row to the table."""
    return recorder(request)
