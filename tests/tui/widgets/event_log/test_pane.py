"""The event log pane: following, scrolling, the cursor and scopes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.events import MouseScrollDown, MouseScrollUp

from nobil_tui.config.model import LogScope
from nobil_tui.monitor.batch import BatchEntry, Note, NoteKind
from nobil_tui.tui.bindings import KeyBindings
from tests.conftest import START
from tests.tui.widget_host import lines_of, repaints_of, wheel
from tests.tui.widgets.event_log.logs import MOST, add, changes, ids, logged, painted


async def test_it_follows_new_lines() -> None:
    async with logged(changes(0, 5)) as (app, log, pilot):
        assert app.shown == ids(0, 5)
        await add(log, changes(5, 30))
        await pilot.pause()
        assert app.shown == ids(20, 30)
        assert app.marked == ["NOR_029"]
        assert app.subtitle == "following"
        # Also while old lines are dropped.
        await add(log, changes(30, 90))
        await pilot.pause()
        assert app.shown == ids(80, 90)
        assert len(log.buffer) == MOST


async def test_a_new_line_is_painted_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with logged(changes(0, 3)) as (_app, log, pilot):
        # Without the cursor, which would move to the new line.
        log.blur()
        await pilot.pause()
        lines_of(log)
        regions = repaints_of(log, monkeypatch)
        await add(log, changes(3, 4))
        assert [(region.y, region.height) for (region,) in regions] == [(3, 1)]


async def test_a_key_stops_following_and_the_pill_counts_new_lines() -> None:
    async with logged(changes(0, 30)) as (app, log, pilot):
        await pilot.press("k")
        assert app.marked == ["NOR_028"]
        assert app.subtitle == "scrolled · G follows"
        await add(log, changes(30, 33))
        await pilot.pause()
        assert app.shown == ids(20, 30)
        assert app.marked == ["NOR_028"]
        assert app.subtitle.startswith("[reverse] ▼ 3 new · G [")
        await add(log, changes(33, 34))
        assert " 4 new " in app.subtitle
        await pilot.press("G")
        assert app.shown == ids(24, 34)
        assert app.subtitle == "following"
        await add(log, changes(34, 35))
        await pilot.pause()
        assert app.marked == ["NOR_034"]
        # The new lines were seen.
        await pilot.press("k")
        assert app.subtitle == "scrolled · G follows"


async def test_reaching_the_last_line_follows_again() -> None:
    async with logged(changes(0, 30)) as (app, log, pilot):
        await pilot.press("k", "k", "j")
        assert not log.following
        await pilot.press("j")
        assert log.following
        await pilot.press("pageup", "pageup", "pageup", "pageup")
        assert app.marked == ["NOR_000"]
        await pilot.press("pagedown", "pagedown", "pagedown")
        assert log.following
        await pilot.press("g")
        assert app.marked == ["NOR_000"]


async def test_the_cursor_stays_on_its_line_when_old_lines_are_dropped() -> None:
    async with logged(changes(0, MOST)) as (app, log, pilot):
        await pilot.press(*"kkkkk")
        line = app.shown.index("NOR_044")
        for first in range(MOST, MOST + 20, 7):
            await add(log, changes(first, first + 7))
            await pilot.pause()
            assert app.marked == ["NOR_044"]
            assert app.shown.index("NOR_044") == line
        # When its line is dropped, the oldest line has the cursor.
        await add(log, changes(MOST + 21, MOST + 60))
        await pilot.pause()
        assert app.marked == ["NOR_060"]
        assert app.shown == ids(60, 70)


async def test_enter_chooses_the_station_of_the_line() -> None:
    entries: list[BatchEntry] = [*changes(0, 3), Note(START, NoteKind.CONNECTED, "")]
    async with logged(entries) as (app, _, pilot):
        # A note has no station.
        await pilot.press("enter")
        assert app.chosen == []
        await pilot.press("k", "enter", "k", "enter")
        assert app.chosen == ["NOR_002", "NOR_001"]


async def test_the_cursor_is_shown_only_with_the_focus() -> None:
    async with logged(changes(0, 3)) as (app, _, pilot):
        assert "▌" in painted(pilot)
        app.set_focus(None)
        await pilot.pause()
        assert "▌" not in painted(pilot)
        app.log_pane.focus()
        await pilot.pause()
        assert "▌" in painted(pilot)


async def test_a_scope_shows_its_stations_from_the_end() -> None:
    async with logged(changes(0, 30)) as (app, log, pilot):
        await pilot.press("g")
        log.set_scope(LogScope.STARRED, {"NOR_003", "NOR_007", "NOR_035"}.__contains__)
        await pilot.pause()
        assert app.shown == ["NOR_003", "NOR_007"]
        assert str(log.border_title) == "Event log · starred"
        assert log.following
        await pilot.press("g")
        await add(log, changes(30, 40))
        assert " 1 new " in app.subtitle
        log.set_scope(LogScope.STATION, "NOR_099".__eq__)
        await pilot.pause()
        assert str(log.border_title) == "Event log · this station"
        assert "at this station yet" in "".join(lines_of(log))
        await pilot.press("enter", "k", "G")
        assert app.chosen == []
        log.set_scope(LogScope.ALL, None)
        assert log.count == 40


async def test_an_empty_log_says_why() -> None:
    async with logged([]) as (_, log, pilot):
        assert "No changes yet." in "".join(lines_of(log))
        log.keys = KeyBindings({"log-scope": ("f3",)})
        log.set_scope(LogScope.STARRED, lambda _: False)
        await pilot.pause()
        text = " ".join(line.strip() for line in lines_of(log))
        assert "at starred stations yet. Press F3 " in text


async def test_clear_removes_all_lines() -> None:
    async with logged(changes(0, 30)) as (app, log, pilot):
        await pilot.press("g")
        log.clear()
        await pilot.pause()
        assert (log.count, log.following, app.subtitle) == (0, True, "following")
        await add(log, changes(50, 53))
        await pilot.pause()
        assert app.shown == ids(50, 53)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("end", "G"), "scrolled · G follows"),
        (("f9",), "scrolled · F9 follows"),
        ((), "scrolled · Last follows"),
    ],
)
async def test_the_title_names_the_users_key(keys: tuple[str, ...], text: str) -> None:
    async with logged(changes(0, 30)) as (app, log, pilot):
        log.keys = KeyBindings({"last": keys})
        await pilot.press("k")
        assert app.subtitle == text


async def test_following_shows_the_end_at_every_size() -> None:
    async with logged(changes(0, 30)) as (app, log, pilot):
        for height in (6, 20, 4, 40, 12):
            await pilot.resize_terminal(80, height)
            await pilot.pause()
            assert app.shown == ids(max(0, 30 - (height - 2)), 30)
            assert log.following


STEPS = st.one_of(
    st.integers(1, 15),
    st.sampled_from(["j", "k", "pageup", "pagedown", "G", "g", "up", "down"]),
    st.sampled_from(["wheel up", "wheel down"]),
)


@pytest.mark.slow
@settings(max_examples=12)
@given(st.lists(STEPS, max_size=10))
async def test_scrolled_lines_do_not_move_and_the_pill_counts_correctly(
    steps: list[int | str],
) -> None:
    last = 30
    async with logged(changes(0, last)) as (app, log, pilot):
        waiting = 0
        for step in steps:
            before, marked = app.shown, app.marked
            if isinstance(step, int):
                followed = log.following
                await add(log, changes(last, last + step))
                last += step
                await pilot.pause()
                waiting = 0 if followed else waiting + step
                oldest = f"NOR_{last - MOST:03}"
                if not followed and before[0] >= oldest:
                    assert app.shown == before
                    # The cursor may be dropped with its line after the wheel scrolled away from it.
                    assert not marked or app.marked == marked
            elif step.startswith("wheel"):
                await wheel(pilot, log, MouseScrollUp if step == "wheel up" else MouseScrollDown, 1)
            else:
                await pilot.press(step)
                assert len(app.marked) == 1
            if log.following:
                waiting = 0
                assert app.shown == ids(last - 10, last)
                assert app.subtitle == "following"
            else:
                assert f" {waiting} new " in app.subtitle or (
                    not waiting and app.subtitle.startswith("scrolled")
                )
