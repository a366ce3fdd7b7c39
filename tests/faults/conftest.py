"""Shared by the bench: its length and its table."""

from __future__ import annotations

import pytest

from tests.faults.table import RecordFault, recorder


@pytest.fixture
def faults_long(request: pytest.FixtureRequest) -> bool:
    """Whether the long form of the bench was asked for, with ``--faults-long``."""
    return bool(request.config.getoption("--faults-long"))


@pytest.fixture
def record_fault(request: pytest.FixtureRequest) -> RecordFault:
    """Return ``record_fault(fault, times, seen, state, verdict)``: add a row to the table."""
    return recorder(request)
