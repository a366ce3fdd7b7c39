"""The virtual list: painting, scrolling, and the lines it does not paint."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Size
from textual.pilot import Pilot

from nobil_tui.charging.conditions import Condition
from nobil_tui.tui.style.themes import LIGHT
from nobil_tui.tui.widgets.virtual_list import VirtualList
from tests.tui.widget_host import Stage, lines_of, wheel


class Numbers(VirtualList):
    """A list whose lines show their index."""

    def __init__(self, count: int, header: int = 0) -> None:
        super().__init__(id="numbers")
        self.many = count
        self.header = header
        self.HEADER = header
        self.marked = -1
        self.asked: list[int] = []

    @property
    def count(self) -> int:
        return self.many

    @property
    def empty_text(self) -> str:
        return "There is nothing here, and a reason why that is so. " * 2

    def header_segments(self, row: int, width: int) -> list[Segment]:
        return [Segment(f"head {row}", self.style_of("quiet"))]

    def is_cursor(self, index: int) -> bool:
        return index == self.marked

    def segments(self, index: int, width: int) -> list[Segment]:
        self.asked.append(index)
        return [Segment(f"line {index}", self.style_of("", self.is_cursor(index)))]

    def become(self, count: int) -> None:
        self.many = count
        self.update_count()

    @property
    def shown(self) -> list[str]:
        """Return the painted lines that are not blank."""
        return [
            line.rstrip()
            for line in lines_of(self)[: self.scrollable_content_region.height]
            if line.strip()
        ]


@asynccontextmanager
async def listing(
    count: int, header: int = 0, height: int = 12, width: int = 40
) -> AsyncIterator[tuple[Numbers, Pilot[None]]]:
    lines = Numbers(count, header)
    async with Stage(lines).run_test(size=(width, height)) as pilot:
        lines.focus()
        await pilot.pause()
        yield lines, pilot


def numbered(first: int, last: int) -> list[str]:
    return [f"line {number}" for number in range(first, last)]


async def test_only_lines_on_screen_are_painted() -> None:
    async with listing(1_000_000) as (lines, pilot):
        assert lines.shown == numbered(0, 10)
        lines.scroll_to(y=500_000, animate=False, immediate=True)
        await pilot.pause()
        assert lines.shown == numbered(500_000, 500_010)
        assert {*lines.asked} == {*range(10), *range(500_000, 500_010)}


async def test_the_header_does_not_scroll() -> None:
    async with listing(100, header=2) as (lines, pilot):
        assert lines.page == 8
        assert lines.shown == ["head 0", "head 1", *numbered(0, 8)]
        await pilot.press("G")
        assert lines.shown == ["head 0", "head 1", *numbered(92, 100)]


async def test_every_line_fills_the_width_exactly() -> None:
    for count in (0, 3, 100):
        async with listing(count, width=30) as (lines, _):
            assert {len(line) for line in lines_of(lines)} == {
                lines.scrollable_content_region.width
            }


async def test_rows_after_the_last_line_are_blank() -> None:
    async with listing(3) as (lines, _):
        assert [line.strip() for line in lines_of(lines)] == [*numbered(0, 3), *[""] * 7]


async def test_the_text_of_an_empty_list_is_wrapped() -> None:
    async with listing(0, width=30) as (lines, _):
        painted = [line.strip() for line in lines_of(lines)]
        assert painted[0] == ""
        assert " ".join(filter(None, painted)) == lines.empty_text.strip()
        assert len([*filter(None, painted)]) == 5
        assert lines.asked == []


async def test_keys_scroll_a_list_without_a_cursor() -> None:
    async with listing(100) as (lines, pilot):
        for keys, top in (
            (("j", "down"), 2),
            (("k",), 1),
            (("up", "up", "up"), 0),
            (("pagedown",), 10),
            (("pagedown", "pageup", "pageup"), 0),
            (("G",), 90),
            (("j",), 90),
            (("g",), 0),
            (("end",), 90),
            (("home",), 0),
        ):
            await pilot.press(*keys)
            assert lines.top == top


async def test_the_wheel_scrolls() -> None:
    async with listing(100) as (lines, pilot):
        await wheel(pilot, lines, MouseScrollDown, 3)
        down = lines.top
        assert down >= 3
        await wheel(pilot, lines, MouseScrollUp, 1)
        assert 0 < lines.top < down


async def test_show_line_scrolls_as_little_as_possible() -> None:
    async with listing(100) as (lines, _):
        for index, top in (
            *((40, 40), (45, 40), (49, 40), (39, 39)),
            *((0, 0), (50, 41), (99, 90)),
        ):
            lines.scroll_to(y=40, animate=False, immediate=True)
            lines.show_line(index)
            assert lines.top == top
            assert f"line {index}" in lines.shown


async def test_a_line_off_screen_is_not_repainted() -> None:
    async with listing(100, header=1) as (lines, pilot):
        lines.scroll_to(y=40, animate=False, immediate=True)
        await pilot.pause()
        for index, painted in ((39, []), (40, [40]), (48, [48]), (49, [])):
            lines.asked.clear()
            lines.repaint_line(index)
            await pilot.pause()
            assert lines.asked == painted


CHANGES = st.lists(
    st.one_of(st.integers(0, 40), st.tuples(st.integers(14, 60), st.integers(5, 30))), max_size=10
)
"""Another number of lines, or another size of the terminal."""


@pytest.mark.slow
async def test_it_scrolls_to_the_last_line() -> None:
    runs: list[list[int | tuple[int, int]]] = []

    @settings(max_examples=15, database=None)
    @given(CHANGES)
    def collect(changes: list[int | tuple[int, int]]) -> None:
        runs.append(changes)

    collect()
    for header in range(3):
        async with listing(5, header) as (lines, pilot):
            for step in chain(*runs[header::3]):
                if isinstance(step, int):
                    lines.become(step)
                else:
                    await pilot.resize_terminal(*step)
                await pilot.pause()
                region = lines.scrollable_content_region
                assert lines.virtual_size == Size(region.width, lines.count + header)
                assert lines.max_scroll_y == max(0, lines.count + header - region.height)
                assert lines.show_vertical_scrollbar is (lines.max_scroll_y > 0)
                # Room for the scroll bar is reserved, so that nothing moves when it appears.
                assert region.width == lines.size.width - 1
                lines.action_last()
                await pilot.pause()
                assert lines.count == 0 or lines.shown[-1] in (
                    f"line {lines.count - 1}",
                    f"head {header - 1}",
                )


async def test_more_lines_cause_no_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listing(50) as (lines, pilot):
        laid_out: list[object] = []
        monkeypatch.setattr(
            type(pilot.app.screen), "_refresh_layout", lambda *args, **more: laid_out.append(args)
        )
        for count in range(51, 60):
            lines.become(count)
            await pilot.pause()
        assert lines.max_scroll_y == 49
        assert not laid_out


async def test_the_cursor_keeps_the_colours_of_a_line() -> None:
    async with listing(5) as (lines, _):
        plain, marked = lines.style_of(""), lines.style_of("", True)
        assert plain.bgcolor != marked.bgcolor
        for condition in Condition:
            style = lines.condition_style(condition, True)
            assert (style.color, style.bgcolor) == (
                lines.condition_style(condition).color,
                marked.bgcolor,
            )
        assert not lines.condition_style(Condition.FREE).dim
        assert lines.condition_style(Condition.FREE, stale=True).dim
        assert lines.style_of("strong", True).bold


async def test_the_cursor_covers_the_whole_line() -> None:
    async with listing(5) as (lines, _):
        lines.marked = 2
        grounds = [
            {segment.style.bgcolor for segment in lines.render_line(y) if segment.style}
            for y in range(4)
        ]
        assert [len(ground) for ground in grounds] == [1] * 4
        assert grounds[2] != grounds[1] == grounds[0] == grounds[3]


async def test_another_theme_changes_the_colours() -> None:
    async with listing(5) as (lines, pilot):
        before = lines.condition_style(Condition.FREE)
        pilot.app.theme = LIGHT
        await pilot.pause()
        after = lines.condition_style(Condition.FREE)
        assert before.color != after.color
        assert before.bgcolor != after.bgcolor
