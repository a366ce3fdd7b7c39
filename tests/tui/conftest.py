"""Run each app without sleeping, and mark the tests that run the whole app."""

from __future__ import annotations

import pytest

from tests.tui.app_driver import opened
from tests.tui.pilot_waits import no_sleeping, painted_at_once, style_sheets_parsed_once

__all__ = ["no_sleeping", "painted_at_once", "style_sheets_parsed_once"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of modules that run the whole app as slow."""
    for item in items:
        module = item.module if isinstance(item, pytest.Function) else None
        if getattr(module, "opened", None) is opened:
            item.add_marker("slow")
