"""Repaints of a part of the screen."""

from __future__ import annotations

from itertools import product
from typing import Any, cast

import pytest
from rich.segment import Segment
from textual._compositor import Compositor
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Label

from nobil_tui.tui.textual_internals.compositor import (
    SparingCompositor,
    SparingPaint,
    set_border_titles,
)
from nobil_tui.tui.textual_internals.painting import placed_rows


class Lines(ScrollView):
    """Counts the lines that are rendered."""

    rendered = 0

    def render_line(self, y: int) -> Strip:
        self.rendered += 1
        return Strip([Segment(str(y))])


class Between(SparingPaint, Screen[None]):
    """A list between two texts."""

    def compose(self) -> ComposeResult:
        yield Label("above", id="above")
        yield Lines()
        yield Label("below", id="below")


class Showing(App[None]):
    CSS = "Lines { height: 6; border: solid; }"

    def get_default_screen(self) -> Screen[None]:
        return Between()


def shown(screen: Screen[Any]) -> list[str]:
    return [strip.text for strip in screen._compositor.render_strips()]


@pytest.mark.parametrize("sparing", [True, False])
async def test_only_what_is_repainted_is_rendered(sparing: bool) -> None:
    """``False``: as Textual does, or the class is no longer needed."""
    async with Showing().run_test() as pilot:
        screen = pilot.app.screen
        compositor = cast(SparingCompositor, screen._compositor)
        assert isinstance(compositor, SparingCompositor)
        regions = [screen.query_one(each).region for each in ("#above", "#below")]
        asked: list[Region] = []
        lines = screen.query_one(Lines)
        with pytest.MonkeyPatch.context() as patch:
            render = lines.render_lines

            def render_lines(crop: Region) -> list[Strip]:
                asked.append(crop)
                return render(crop)

            patch.setattr(lines, "render_lines", render_lines)
            compositor._dirty_regions.update(regions)
            if sparing:
                update = compositor.render_partial_update()
            else:
                update = Compositor.render_partial_update(compositor)
        assert bool(asked) is not sparing
        assert update is not None
        for each, text in zip(regions, ("above", "below"), strict=True):
            strips = [strip for strip in update.chops[each.y].values() if strip is not None]
            assert text in "".join(strip.text for strip in strips)


class SideBySide(SparingPaint, Screen[None]):
    """Lists beside each other in a container, between two texts."""

    def compose(self) -> ComposeResult:
        yield Label("above")
        with Horizontal():
            yield Lines()
            yield Lines()
        yield Label("below")


class Neighbours(App[None]):
    CSS = "Horizontal { height: 8; } Lines { width: 1fr; height: 6; border: solid; }"

    def get_default_screen(self) -> Screen[None]:
        return SideBySide()


async def test_every_repaint_is_that_of_textual() -> None:
    async with Neighbours().run_test() as pilot:
        screen = pilot.app.screen
        compositor = cast(SparingCompositor, screen._compositor)
        regions = [region for region, _ in compositor.visible_widgets.values()]
        regions += [Region(each.x + 1, each.y, 1, each.height) for each in regions]
        regions += [Region(each.x, each.bottom - 1, each.width, 1) for each in regions]
        for first, second in product(regions, regions):
            if screen.region in (first, second):
                # Everything is painted.
                continue
            found = []
            for render in (
                Compositor.render_partial_update,
                type(compositor).render_partial_update,
            ):
                compositor._dirty_regions.update((first, second))
                update = render(compositor)
                assert update is not None
                found.append(placed_rows(update))
            assert found[0] == found[1], (first, second)


async def test_titles_repaint_the_border_alone() -> None:
    async with Showing().run_test() as pilot:
        screen, lines = pilot.app.screen, pilot.app.screen.query_one(Lines)
        for titles, expected in ((("a [b]title[/]", "sub"), 0), (("", ""), 0)):
            lines.rendered = 0
            set_border_titles(lines, *titles)
            await pilot.pause()
            assert lines.rendered == expected
            assert ("a title" in "".join(shown(screen))) is bool(titles[0])
        lines.border_title = "Textual's own"
        await pilot.pause()
        # Otherwise the function is no longer needed.
        assert lines.rendered
