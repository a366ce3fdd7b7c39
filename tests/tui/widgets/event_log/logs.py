"""An event log with a small buffer, in a host app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC

from textual.pilot import Pilot

from nobil_tui.charging.board import Change
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector
from nobil_tui.monitor.batch import BatchEntry
from nobil_tui.tui.widgets.event_log.buffer import EventBuffer
from nobil_tui.tui.widgets.event_log.line import LogLinePainter
from nobil_tui.tui.widgets.event_log.pane import EventLog
from tests.conftest import START
from tests.tui.widget_host import Stage, lines_of

MOST = 50
"""Lines kept by these logs."""


def change(number: int) -> Change:
    # Each change is of another connector, so that none is folded.
    return Change(START + number * 1000, f"NOR_{number:03}", 1, Connector(0), Connector(1))


def changes(first: int, last: int) -> list[BatchEntry]:
    return [change(number) for number in range(first, last)]


class Logging(Stage):
    """Shows a log, and keeps its messages."""

    def __init__(self) -> None:
        self.log_pane = EventLog(id="events")
        super().__init__(self.log_pane)
        self.log_pane.buffer = EventBuffer(MOST)
        self.log_pane.painter = LogLinePainter(self.log_pane, Register(), set(), UTC)

    def on_event_log_chosen(self, message: EventLog.Chosen) -> None:
        self.heard.append(message)

    @property
    def chosen(self) -> list[str]:
        return [message.station for message in self.of(EventLog.Chosen)]

    @property
    def shown(self) -> list[str]:
        """The stations on screen, from the top."""
        lines = (line[12:].split() for line in lines_of(self.log_pane) if line.strip())
        return [words[0] for words in lines if words]

    @property
    def marked(self) -> list[str]:
        """The stations under the cursor."""
        return [line[12:].split()[0] for line in lines_of(self.log_pane) if line.startswith("▌")]

    @property
    def subtitle(self) -> str:
        return str(self.log_pane.border_subtitle)


@asynccontextmanager
async def logged(
    entries: list[BatchEntry], height: int = 12
) -> AsyncIterator[tuple[Logging, EventLog, Pilot[None]]]:
    app = Logging()
    # Ten lines within the border by default.
    async with app.run_test(size=(80, height)) as pilot:
        app.log_pane.focus()
        await pilot.pause()
        await add(app.log_pane, entries)
        await pilot.pause()
        yield app, app.log_pane, pilot


async def add(log: EventLog, entries: list[BatchEntry]) -> None:
    """Add entries to a log and show them."""
    await log.add(entries)
    log.show_added()


def painted(pilot: Pilot[None]) -> str:
    """Return the text on screen, without repainting it."""
    return "".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def ids(first: int, last: int) -> list[str]:
    return [f"NOR_{number:03}" for number in range(first, last)]
