"""The checkbox."""

from __future__ import annotations

from textual.app import App, ComposeResult

from nobil_tui.tui.textual_internals.checkbox import AsciiCheckbox


async def test_a_checkbox_is_drawn_in_ascii() -> None:
    class Checking(App[None]):
        def compose(self) -> ComposeResult:
            yield AsciiCheckbox("box")

    app = Checking()
    async with app.run_test() as pilot:
        box = app.query_one(AsciiCheckbox)
        texts = []
        for _ in range(2):
            texts.append("\n".join(box.render_line(y).text for y in range(box.size.height)))
            box.toggle()
            await pilot.pause()
    assert "[ ] box" in texts[0]
    assert "[x] box" in texts[1]
