"""The program with a defect in the part that is named by the first argument."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

SECRET = "s3cr3t-l0cal"


class DefectError(Exception):
    """Raised on purpose."""


def fail(*_: Any, **__: Any) -> Any:
    local = SECRET
    raise DefectError(f"on purpose {len(local)}")


def replace(owner: Any, name: str, value: Any) -> None:
    assert hasattr(owner, name) or name.startswith("on_"), name
    setattr(owner, name, value)


def after_start(run: Any) -> None:
    """Run a function in the app, a moment after its start."""
    from nobil_tui.tui.screens.main import MainScreen

    mounted = MainScreen.on_mount

    async def on_mount(screen: MainScreen) -> None:
        mounted(screen)
        screen.set_timer(0.05, lambda: run(screen))

    replace(MainScreen, "on_mount", on_mount)


def break_part(part: str) -> None:
    """Put the defect in."""
    from nobil_tui.tui import terminal_driver, terminal_writer
    from nobil_tui.tui.app import NobilApp
    from nobil_tui.tui.screens.main import MainScreen
    from nobil_tui.tui.terminal_input import TerminalInput
    from nobil_tui.tui.widgets.stations.pane import StationsPane

    match part:
        case "app":
            replace(NobilApp, "on_mount", fail)
        case "construction":
            replace(NobilApp, "get_default_screen", fail)
        case "compose":
            replace(MainScreen, "compose", fail)
        case "style sheet":
            replace(NobilApp, "CSS", "Screen { color: nonsense }")
        case "timer":
            after_start(fail)
        case "message handler":
            replace(StationsPane, "on_focus", fail)
        case "worker":

            async def work() -> None:
                await asyncio.sleep(0)
                fail()

            after_start(lambda screen: screen.run_worker(work()))
        case "thread worker":
            after_start(lambda screen: screen.run_worker(fail, thread=True))
        case "callback":
            after_start(lambda screen: screen.call_later(fail))
        case "loop callback":
            after_start(lambda screen: asyncio.get_running_loop().call_soon(fail))
        case "task":

            async def stray() -> None:
                fail()

            after_start(lambda screen: asyncio.create_task(stray()))
        case "compositor":

            def repaint(screen: Any) -> None:
                replace(StationsPane, "render_line", fail)
                screen.refresh(layout=True)

            after_start(repaint)
        case "input thread":
            replace(terminal_driver, "MessageParser", fail)
        case "start of the input":
            replace(terminal_driver.SleepingDriver, "_query_in_band_window_resize", fail)
        case "input later":
            replace(TerminalInput, "feed", fail)
        case "writer thread":
            replace(terminal_writer.TerminalWriter, "_write", fail)
        case "session":
            from nobil_tui.session.session import Session

            replace(Session, "run", fail)
        case "close":
            replace(NobilApp, "close_session", fail)
            after_start(lambda screen: screen.app.exit())
        case "monitor":
            from nobil_tui.charging.board import Board

            replace(Board, "apply_snapshot", fail)
        case "feed":
            from nobil_tui.feeds.simulation.feed import SimulationFeed

            replace(SimulationFeed, "events", fail)
        case "command":
            from nobil_tui.tui.commands.view import ViewCommands

            replace(ViewCommands, "help", fail)
        case "quit":
            replace(NobilApp, "request_quit", fail)
        case _:
            raise ValueError(part)


if __name__ == "__main__":
    os.environ.setdefault("TEXTUAL_FPS", "1000")
    break_part(sys.argv.pop(1))
    from nobil_tui.cli import main

    sys.argv[0] = "nobil-tui"
    main()
