"""The sink of alerts that is made with the first alert."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nobil_tui.alerts.sink import AlertSink
from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.monitor.batch import Batch, LinkState
from nobil_tui.session.alert_sink import AlertSinkOnDemand


class OpenedError(Exception):
    """The sink was made."""


def create() -> AlertSink:
    raise OpenedError


async def on_batch() -> None:
    pass


async def test_without_an_alert_nothing_is_opened() -> None:
    sink = AlertSinkOnDemand(lambda: (), create, bool, on_batch)
    await sink.take(Batch(LinkState()))
    assert not sink.adopt()
    sink.disarm(AlertRule("NOR_1").key)
    sink.finish(Batch(LinkState()))
    assert sink.notice == ""
    assert not sink.fired


async def test_alerts_of_the_config_begin_with_the_first_batch() -> None:
    sink = AlertSinkOnDemand(lambda: (AlertRule("NOR_1"),), create, bool, on_batch)
    # Not before: they would begin with an empty board, and fire for what they saw long ago.
    assert not sink.adopt()
    with pytest.raises(OpenedError):
        await sink.take(Batch(LinkState()))


def test_the_start_loads_neither_alerts_nor_history() -> None:
    code = """
import sys, nobil_tui.tui.app
late = ("sqlite3", "nobil_tui.alerts.sink", "nobil_tui.alerts.hook", "nobil_tui.history.statistics")
print([name for name in late if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
