"""The use of the terminal for more than painting."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

from textual.app import App

from nobil_tui.tui.terminal_writer import TerminalWriter
from nobil_tui.tui.textual_internals.terminal import is_terminal_behind, write_to_terminal


def app_with(writer: TerminalWriter | None) -> App[Any]:
    driver = None if writer is None else SimpleNamespace(_writer_thread=writer)
    return cast(App[Any], SimpleNamespace(_driver=driver))


def test_a_terminal_is_behind_while_a_paint_waits_for_it() -> None:
    assert not is_terminal_behind(app_with(None))
    writer = TerminalWriter(sys.stdout)
    app = app_with(writer)
    assert not is_terminal_behind(app)
    writer.write("one")
    assert is_terminal_behind(app)


async def test_a_sequence_is_written_only_to_a_terminal() -> None:
    written: list[str] = []
    app = App[None]()
    async with app.run_test():
        assert not write_to_terminal(app, "\a")
        driver = app._driver
        assert driver is not None
        with (
            mock.patch.object(type(driver), "is_headless", False),
            mock.patch.object(driver, "write", written.append),
        ):
            assert write_to_terminal(app, "\a")
    assert written == ["\a"]
    assert not write_to_terminal(App[None](), "\a")
