"""The app in a real terminal, with one alert that fires: run by ``test_alert_notifier.py``.

It is run once for each terminal of the JSON file that the argument names, and ``END`` is written
after each.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TypedDict

from nobil_tui.charging.events import Connected, Snapshot, StationReport
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.alert_rules import AlertRule, AlertsSection
from nobil_tui.config.model import Config, WatchedSection
from nobil_tui.tui.app import NobilApp
from tests.conftest import START, FakeClock
from tests.tui.app_driver import HandSource, setup_of

END = b"\x1b[0m-- the end --"
"""Written after what the app wrote to a terminal."""


async def play(app: NobilApp, source: HandSource, clock: FakeClock) -> None:
    """Arm an alert, let it fire, and quit."""
    main = app._main
    while main is None or not main.live_updates._frozen:
        await asyncio.sleep(0)
        main = app._main
    await main.live_updates.tick()
    # The snapshot is shown. If the sink takes it only after the report is on the board, the alert
    # fires without the change, which is in the batch that follows.
    monitor, alerts = main.workspace.session.monitor, main.workspace.alerts._sink
    assert monitor is not None
    (sink,) = (each for each in monitor._runners if each._sink is alerts)
    while sink._taking or sink._outlet._pending:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0)
    main.workspace.alerts.set(AlertRule("NOR_1"))
    clock.advance(600)
    source.feed.put(StationReport(Station("NOR_1", [Connector(0, 0, clock.now())]), clock.now()))
    while main.workspace.alerts.rules:  # noqa: ASYNC110 - the app has no event for it
        await asyncio.sleep(0)
    await main.workspace.alerts.join()
    await main.live_updates.tick()
    app.request_quit()


class Terminal(TypedDict):
    """A terminal, and what is shown in it."""

    name: str
    """The station's name."""
    focus: bool
    """Whether the terminal said that it has the focus."""
    environ: dict[str, str]


def run(terminal: Terminal, hook: Path) -> None:
    """Run the app in the terminal; ``hook`` gets what the command of the alerts gets."""
    clock = FakeClock()
    source = HandSource(clock, Register({"NOR_1": Facts(terminal["name"])}))
    source.feed.put(Connected(START), Snapshot([Station("NOR_1", [Connector(1, 0, START)])], START))
    config = Config(
        watched=WatchedSection(["NOR_1"]),
        alerts=AlertsSection(command=["/bin/sh", "-c", 'cat > "$0"', str(hook)]),
    )
    os.environ.update(terminal["environ"])
    app = NobilApp(setup_of(clock, source, config=config, environ=os.environ))
    app._input.terminal_has_focus = terminal["focus"]

    async def run_and_play() -> None:
        playing = asyncio.create_task(play(app, source, clock))
        await app.run_async()
        await playing

    asyncio.run(run_and_play())
    os.write(1, END)


def main(path: Path) -> None:
    """Run the app in each terminal, and write what its command got beside ``path``."""
    terminals: list[Terminal] = json.loads(path.read_text())
    before = dict(os.environ)
    for number, terminal in enumerate(terminals):
        os.environ.clear()
        os.environ.update(before)
        run(terminal, path.with_name(f"hook{number}"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
