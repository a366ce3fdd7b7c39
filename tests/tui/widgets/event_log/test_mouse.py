"""The event log with the mouse."""

from __future__ import annotations

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from tests.tui.widget_host import wheel
from tests.tui.widgets.event_log.logs import add, changes, ids, logged


async def test_the_wheel_stops_and_resumes_following() -> None:
    async with logged(changes(0, 30)) as (app, log, pilot):
        await wheel(pilot, log, MouseScrollUp, 2)
        assert not log.following
        before = app.shown
        assert before[-1] != "NOR_029"
        await add(log, changes(30, 32))
        await pilot.pause()
        assert app.shown == before
        assert " 2 new " in app.subtitle
        # The cursor did not move.
        await pilot.press("k")
        assert app.marked == ["NOR_028"]
        await wheel(pilot, log, MouseScrollDown, 20)
        assert log.following
        assert app.shown == ids(22, 32)
        await add(log, changes(32, 33))
        await pilot.pause()
        assert app.shown == ids(23, 33)


async def test_the_wheel_does_nothing_if_all_lines_are_on_screen() -> None:
    async with logged(changes(0, 5)) as (app, log, pilot):
        await wheel(pilot, log, MouseScrollUp, 2)
        assert app.subtitle == "following"
        await pilot.press("k", "j")
        assert app.subtitle == "following"


async def test_a_click_chooses_the_line_painted_there() -> None:
    async with logged(changes(0, 30)) as (app, log, pilot):
        await pilot.click(log, offset=(20, 3))
        await pilot.pause()
        assert app.chosen == ["NOR_022"]
        assert app.marked == ["NOR_022"]
        assert app.subtitle == "scrolled · G follows"
        await add(log, changes(30, 40))
        await pilot.pause()
        assert app.shown == ids(20, 30)


async def test_a_click_below_the_lines_chooses_nothing() -> None:
    async with logged(changes(0, 3)) as (app, log, pilot):
        for offset in ((20, 6), (20, 0), (20, 11)):
            await pilot.click(log, offset=offset)
        await pilot.pause()
        assert app.chosen == []
        assert log.following


@pytest.mark.parametrize("x", [3, 40, 70])
async def test_a_click_on_the_pill_follows(x: int) -> None:
    async with logged(changes(0, 30)) as (app, log, pilot):
        await pilot.press("g")
        await add(log, changes(30, 33))
        await pilot.pause()
        await pilot.click(log, offset=(x, 11))
        await pilot.pause()
        assert log.following
        assert app.shown == ids(23, 33)
        assert app.chosen == []
