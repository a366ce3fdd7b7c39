"""Writing to the terminal only what changed, checked by a small terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from nobil_tui.tui.painted_screen import PaintedScreen, PlacedStrip

WIDTH, HEIGHT = 12, 8
SIZE = Size(WIDTH, HEIGHT)
CONSOLE = Console(color_system=None)
_PART = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[(\d+);(\d+)r|\x1b\[(\d+)S|\x1b\[(r)|([^\x1b])")


class SmallTerminal:
    """Draws what is written: text, places, and scrolling within a region."""

    def __init__(self) -> None:
        self.rows = [[" "] * WIDTH for _ in range(HEIGHT)]
        self.first, self.last = 0, HEIGHT - 1
        self.x = self.y = 0

    def write(self, text: str) -> None:
        assert _PART.sub("", text) == ""
        for y, x, first, last, by, reset, letter in _PART.findall(text):
            if y:
                self.y, self.x = int(y) - 1, int(x) - 1
            elif first:
                self.first, self.last = int(first) - 1, int(last) - 1
            elif reset:
                self.first, self.last = 0, HEIGHT - 1
            elif by:
                for _ in range(int(by)):
                    del self.rows[self.first]
                    self.rows.insert(self.last, [" "] * WIDTH)
            elif letter:
                self.rows[self.y][self.x] = letter
                self.x += 1

    @property
    def lines(self) -> list[str]:
        return ["".join(row) for row in self.rows]


def placed(text: str, x: int = 0) -> PlacedStrip:
    """Place a text, one segment for each word."""
    return PlacedStrip(
        x, x + len(text), Strip([Segment(part) for part in re.findall(r" +|[^ ]+", text)])
    )


def painted(lines: Sequence[str]) -> PaintedScreen:
    screen = PaintedScreen()
    screen.forget(SIZE)
    for y, line in enumerate(lines):
        screen.record(y, [placed(line.ljust(WIDTH)).strip])
    return screen


def update(screen: PaintedScreen, lines: Sequence[str]) -> str:
    rows = {y: [placed(line.ljust(WIDTH))] for y, line in enumerate(lines)}
    return screen.update(rows, SIZE, CONSOLE)


def test_only_changed_segments_are_written() -> None:
    screen = painted(["one 1 min", "two 2 min"])
    assert update(screen, ["one 1 min", "two 3 min"]) == "\x1b[2;5H3"
    assert update(screen, ["one 1 min", "two 3 min"]) == ""


def test_unknown_cells_are_written() -> None:
    screen = PaintedScreen()
    assert update(screen, ["one"]) == "\x1b[1;1Hone         "
    screen.forget(SIZE)
    assert update(screen, ["one"]) == "\x1b[1;1Hone         "


def test_another_size_is_painted_whole() -> None:
    screen = painted(["one"])
    narrow = screen.update({0: [placed("one")]}, Size(3, 1), CONSOLE)
    assert narrow == "\x1b[1;1Hone"


def test_a_row_that_is_divided_in_another_way_is_written() -> None:
    screen = painted(["one two"])
    text = screen.update({0: [placed("one ", 0), placed("two     ", 4)]}, SIZE, CONSOLE)
    assert text == "\x1b[1;1Hone \x1b[1;5Htwo     "


def test_new_lines_scroll_the_old_ones() -> None:
    before = [f"{number} line" for number in range(HEIGHT)]
    after = [f"{number} line" for number in range(1, HEIGHT + 1)]
    assert (
        update(painted(before), after)
        == f"\x1b[1;{HEIGHT}r\x1b[1S\x1b[r\x1b[{HEIGHT};1H8 line      "
    )


def test_rows_that_stay_are_not_scrolled() -> None:
    before = ["top", *(f"{number} line" for number in range(6)), "end"]
    after = ["top", *(f"{number} line" for number in range(1, 7)), "end"]
    assert update(painted(before), after).startswith("\x1b[2;7r\x1b[1S\x1b[r\x1b[7;1H")


def test_rows_with_unknown_cells_are_not_scrolled() -> None:
    screen = PaintedScreen()
    screen.forget(SIZE)
    wide = WIDTH - 1

    def rows(first: int) -> dict[int, list[PlacedStrip]]:
        return {y: [placed(f"{first + y} line".ljust(wide))] for y in range(HEIGHT)}

    screen.update(rows(0), SIZE, CONSOLE)
    assert "S" not in screen.update(rows(1), SIZE, CONSOLE)


_SCREENS = st.lists(
    st.lists(
        st.sampled_from(["a b", "a c", "log 1", "log 2", "log 3", ""]),
        min_size=HEIGHT,
        max_size=HEIGHT,
    ),
    min_size=1,
    max_size=6,
)


@given(_SCREENS, st.lists(st.integers(1, 4), max_size=6))
@settings(deadline=None)
def test_the_terminal_always_shows_the_last_update(
    screens: list[list[str]], moves: list[int]
) -> None:
    for by in moves:
        # Also scrolled screens, which are rare by chance.
        screens.append([*screens[-1][by:], *screens[0][:by]])
    screen, terminal = PaintedScreen(), SmallTerminal()
    for lines in screens:
        terminal.write(update(screen, lines))
        assert terminal.lines == [line.ljust(WIDTH) for line in lines]
