"""Remember the cells on the terminal, so that a repaint writes only the segments that changed.

Textual writes whole strips, from border to border, for one changed character.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from rich.console import Console
from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

_MIN_GAIN = 3
"""The fewest rows that scrolling must save: it writes sequences of its own, and the new row."""


class PlacedStrip(Struct, frozen=True):
    """A strip and the cells of its row that it covers, from ``x`` up to ``end``."""

    x: int
    end: int
    strip: Strip

    def covers_as(self, other: PlacedStrip) -> bool:
        """Return whether it covers the same cells as another one."""
        return (self.x, self.end) == (other.x, other.end)


PlacedRow = Sequence[PlacedStrip]


class PaintedScreen:
    """Remembers the strips that were written to the terminal."""

    def __init__(self) -> None:
        self._size = Size()
        self._rows: list[dict[int, PlacedStrip]] = []
        """By row, and by the first cell of a strip. Unknown cells have no strip."""

    def forget(self, size: Size) -> None:
        """Assume nothing about the cells of a terminal of this size."""
        self._size = size
        self._rows = [{} for _ in range(size.height)]

    @property
    def known_rows(self) -> int:
        """The number of rows of which anything is known."""
        return sum(map(bool, self._rows))

    def record(self, y: int, strips: Sequence[Strip]) -> None:
        """Record a whole row that was written from the first cell on."""
        row: dict[int, PlacedStrip] = {}
        x = 0
        for strip in strips:
            row[x] = PlacedStrip(x, x + strip.cell_length, strip)
            x += strip.cell_length
        if y < len(self._rows):
            self._rows[y] = row if x == self._size.width else {}

    def update(self, rows: Mapping[int, PlacedRow], size: Size, console: Console) -> str:
        """Return the sequences that paint ``rows``, and record them."""
        if size != self._size:
            self.forget(size)
        parts = [self._scroll(rows)]
        for y, row in rows.items():
            if y < len(self._rows):
                for placed in row:
                    parts += self._paint(y, placed, console)
        return "".join(parts)

    def _paint(self, y: int, new: PlacedStrip, console: Console) -> Iterator[str]:
        """Yield the sequences of the changed segments of a strip."""
        row = self._rows[y]
        old = row.get(new.x)
        if old is not None and new.covers_as(old):
            if old.strip == new.strip:
                return
            runs = _changed_runs(old, new)
        else:
            for other in [each for each in row.values() if each.x < new.end and each.end > new.x]:
                del row[other.x]
            runs = iter([(new.x, list(new.strip))])
        for x, segments in runs:
            yield f"\x1b[{y + 1};{x + 1}H{Strip(segments).render(console)}"
        if new.strip.cell_length == new.end - new.x:
            row[new.x] = new
        else:
            row.pop(new.x, None)

    # Scrolling

    def _scroll(self, rows: Mapping[int, PlacedRow]) -> str:
        """Return the sequence that scrolls rows of which most only moved up; empty if none did."""
        for block in _blocks(rows, self._size.width):
            moved = [(y, self._widest(y), max(rows[y], key=_width)) for y in block]
            while moved and _same(moved[0][1], moved[0][2]):
                del moved[0]
            while moved and _same(moved[-1][1], moved[-1][2]):
                del moved[-1]
            by = _best_move([old for _, old, _ in moved], [new for _, _, new in moved])
            if by and self._can_scroll(first := moved[0][0], last := moved[-1][0]):
                self._rows[first : last + 1] = [
                    *self._rows[first + by : last + 1],
                    *({} for _ in range(by)),
                ]
                return f"\x1b[{first + 1};{last + 1}r\x1b[{by}S\x1b[r"
        return ""

    def _widest(self, y: int) -> PlacedStrip | None:
        return (
            max(self._rows[y].values(), key=_width, default=None) if y < len(self._rows) else None
        )

    def _can_scroll(self, first: int, last: int) -> bool:
        """Return whether the rows are known from edge to edge, and divided in the same way."""
        edges = {
            tuple((each.x, each.end) for each in sorted(row.values(), key=_x))
            for row in self._rows[first:last]
        }
        edges.add(tuple((each.x, each.end) for each in sorted(self._rows[last].values(), key=_x)))
        return len(edges) == 1 and sum(end - x for x, end in edges.pop()) == self._size.width


def _changed_runs(old: PlacedStrip, new: PlacedStrip) -> Iterator[tuple[int, list[Segment]]]:
    """Yield the adjacent segments that changed, and the cell of the first of them."""
    shown: dict[int, Segment] = {}
    x = old.x
    for segment in old.strip:
        shown[x] = segment
        x += segment.cell_length
    x = begin = new.x
    run: list[Segment] = []
    for segment in new.strip:
        if shown.get(x) == segment:
            if run:
                yield begin, run
            run = []
        elif segment.text:
            if not run:
                begin = x
            run.append(segment)
        x += segment.cell_length
    if run:
        yield begin, run


def _blocks(rows: Mapping[int, PlacedRow], width: int) -> Iterator[list[int]]:
    """Yield the numbers of adjacent rows with a strip of more than half of the screen's width."""
    block: list[int] = []
    for y in sorted(
        y for y, row in rows.items() if row and 2 * _width(max(row, key=_width)) > width
    ):
        if block and y != block[-1] + 1:
            yield block
            block = []
        block.append(y)
    if block:
        yield block


def _best_move(old: Sequence[PlacedStrip | None], new: Sequence[PlacedStrip]) -> int:
    """Return by how many rows the old strips moved up to become the new ones; 0 if they did not."""
    if len(new) <= _MIN_GAIN:
        return 0
    kept = [sum(map(_same, old[by:], new)) for by in range(len(new))]
    best = max(range(len(new)), key=kept.__getitem__)
    return best if kept[best] - kept[0] >= _MIN_GAIN else 0


def _same(old: PlacedStrip | None, new: PlacedStrip) -> bool:
    return old is not None and new.covers_as(old) and old.strip == new.strip


def _width(placed: PlacedStrip) -> int:
    return placed.end - placed.x


def _x(placed: PlacedStrip) -> int:
    return placed.x
