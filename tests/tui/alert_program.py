"""The app in a real terminal, with one alert that fires: run by ``test_alert_notifier.py``.

Arguments: the station's name, and "focus" if the terminal said that it has the focus.
"""

from __future__ import annotations

import asyncio
import os
import sys

from nobil_tui.charging.events import Connected, Snapshot, StationReport
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.alert_rules import AlertRule, AlertsSection
from nobil_tui.config.model import Config, WatchedSection
from nobil_tui.tui.app import NobilApp
from tests.conftest import START, FakeClock
from tests.tui.app_driver import HandSource, setup_of


async def play(app: NobilApp, source: HandSource, clock: FakeClock) -> None:
    """Arm an alert, let it fire, and quit."""
    main = app._main
    while main is None or not main.workspace.stations.count:
        await asyncio.sleep(0)
        main = app._main
    await main.live_updates.tick()
    main.workspace.alerts.set(AlertRule("NOR_1"))
    clock.advance(600)
    source.feed.put(StationReport(Station("NOR_1", [Connector(0, 0, clock.now())]), clock.now()))
    while main.workspace.alerts.rules:  # noqa: ASYNC110 - the app has no event for it
        await asyncio.sleep(0)
    await main.workspace.alerts.join()
    await main.live_updates.tick()
    app.request_quit()


def main(name: str, focus: str) -> None:
    """Run the app."""
    clock = FakeClock()
    source = HandSource(clock, Register({"NOR_1": Facts(name)}))
    source.feed.put(Connected(START), Snapshot([Station("NOR_1", [Connector(1, 0, START)])], START))
    config = Config(
        watched=WatchedSection(["NOR_1"]),
        alerts=AlertsSection(command=["/bin/sh", "-c", 'cat > "$0"', os.environ["HOOK_OUTPUT"]]),
    )
    app = NobilApp(setup_of(clock, source, config=config, environ=os.environ))
    app._input.terminal_has_focus = focus == "focus"

    async def run() -> None:
        playing = asyncio.create_task(play(app, source, clock))
        await app.run_async()
        await playing

    asyncio.run(run())


if __name__ == "__main__":
    main(*sys.argv[1:])
