"""Bars of parts: priority, alignment and clicks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from nobil_tui.tui.widgets.bars.bar import PART_GAP, BarPart, bar_segments, fit_parts, part_at

GROUND = Style(dim=True)


@st.composite
def bars(draw: st.DrawFn) -> list[BarPart]:
    """Return parts named by their index, each in its own style."""
    texts = draw(st.lists(st.text(st.sampled_from("ab 日é·"), max_size=12), max_size=8))
    return [
        BarPart(
            text, Style(meta={"name": str(n)}), draw(st.integers(0, 4)), draw(st.booleans()), str(n)
        )
        for n, text in enumerate(texts)
    ]


WIDTHS = st.integers(0, 60)


def painted(segments: list[Segment]) -> list[str]:
    """Return the name of the part in each cell; empty for the background."""
    cells = []
    for segment in segments:
        assert segment.style is not None
        cells += [segment.style.meta.get("name", "")] * cell_len(segment.text)
    return cells


@given(bars(), WIDTHS)
def test_a_bar_fills_its_width_exactly(parts: list[BarPart], width: int) -> None:
    segments = bar_segments(fit_parts(parts, width), width, GROUND)
    assert sum(cell_len(segment.text) for segment in segments) == width


@given(bars(), WIDTHS)
def test_a_click_hits_the_part_painted_there(parts: list[BarPart], width: int) -> None:
    kept = fit_parts(parts, width)
    names = painted(bar_segments(kept, width, GROUND))
    assert [part_at(kept, x, width) for x in range(width)] == names
    assert part_at(kept, width, width) == part_at(kept, -1, width) == ""


@given(bars(), WIDTHS)
def test_fitting_parts_stay_whole_and_in_order(parts: list[BarPart], width: int) -> None:
    kept = fit_parts(parts, width)
    order = [int(part.name) for part in kept]
    assert order == sorted(order)
    assert all(part is parts[int(part.name)] and part.text for part in kept)
    texts = [
        segment.text for segment in bar_segments(kept, width, GROUND) if segment.style != GROUND
    ]
    assert texts == [part.text for part in kept if not part.right] + [
        part.text for part in kept if part.right
    ]


@given(bars(), WIDTHS)
def test_parts_are_dropped_by_priority(parts: list[BarPart], width: int) -> None:
    kept = {part.name for part in fit_parts(parts, width)}
    for part in parts:
        if part.text and part.name not in kept:
            # Parts of higher priority, or of the same and further left, leave no room for it.
            before = [
                other
                for other in parts
                if other.name in kept
                and (other.need, int(other.name)) < (part.need, int(part.name))
            ]
            assert (
                sum(cell_len(other.text) + PART_GAP for other in before) + cell_len(part.text)
                > width
            )


def test_two_parts_never_touch() -> None:
    plain = Style()
    parts = [BarPart("left", plain, 0), BarPart("right", plain, 1, right=True)]
    assert [part.text for part in fit_parts(parts, 10)] == ["left"]
    assert (
        "".join(segment.text for segment in bar_segments(fit_parts(parts, 11), 11, GROUND))
        == "left  right"
    )
    assert (
        "".join(segment.text for segment in bar_segments(fit_parts(parts, 14), 14, GROUND))
        == "left     right"
    )


def test_an_empty_part_takes_no_room() -> None:
    parts = [BarPart("", Style(), 0), BarPart("a", Style(), 1), BarPart("", Style(), 2, right=True)]
    assert [part.text for part in fit_parts(parts, 1)] == ["a"]
