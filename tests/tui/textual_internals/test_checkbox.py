"""The checkbox."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Checkbox

from nobil_tui.tui.textual_internals.checkbox import AsciiCheckbox


async def both_looks(box: Checkbox) -> list[str]:
    """Return the text of a box before and after it is ticked."""

    class Checking(App[None]):
        def compose(self) -> ComposeResult:
            yield box

    texts = []
    async with Checking().run_test() as pilot:
        for _ in range(2):
            texts.append("\n".join(box.render_line(y).text for y in range(box.size.height)))
            box.toggle()
            await pilot.pause()
    return texts


async def test_a_checkbox_is_drawn_in_ascii() -> None:
    texts = await both_looks(AsciiCheckbox("box"))
    assert "[ ] box" in texts[0]
    assert "[x] box" in texts[1]


async def test_textuals_own_checkbox_still_differs_in_colour_only() -> None:
    """Otherwise ``AsciiCheckbox`` is no longer needed."""
    before, after = await both_looks(Checkbox("box"))
    assert before == after
