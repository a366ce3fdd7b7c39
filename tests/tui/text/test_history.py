"""The statistics of a station as lines of text."""

from __future__ import annotations

from datetime import UTC

from rich.console import Console, Group
from rich.style import Style

from nobil_tui.charging.conditions import Condition
from nobil_tui.history.statistics import EMPTY_PROFILE, PastChange, Statistics
from nobil_tui.tui.style.glyphs import UNICODE
from nobil_tui.tui.style.styles import STYLES
from nobil_tui.tui.text.history import statistics_lines
from tests.conftest import START


def test_a_wrapped_text_goes_on_beside_its_label() -> None:
    changes = [PastChange(START - 60_000, 12, Condition.FREE, Condition.NOT_IN_SERVICE)]
    statistics = Statistics(EMPTY_PROFILE, 4, 12, 1800, 3600, 0.25, (12, START - 60_000), changes)
    styles = dict.fromkeys(STYLES, Style())
    lines = statistics_lines(statistics, EMPTY_PROFILE, 0, START, UTC, UNICODE, styles)
    console = Console(width=26, color_system=None)
    with console.capture() as capture:
        console.print(Group(*lines))
    text = [line.rstrip() for line in capture.get().splitlines()]
    session, fault = (
        text.index("Session  median 30 min, 90"),
        text.index("Fault    25 % of the time"),
    )
    assert fault > session + 1
    assert all(line.startswith(" " * 9) for line in text[session + 1 : fault])
    assert text[-2:] == ["22:12      #12 – not in", " " * 15 + "service"]
