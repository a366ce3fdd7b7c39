"""Which columns of the station list fit, and how wide they are."""

from __future__ import annotations

from msgspec import Struct

CHANGED = 8
FREE_LEAST, FREE_MOST = 5, 7
GLYPHS_LEAST, GLYPHS_ENOUGH, GLYPHS_MOST = 4, 10, 12
NAME_LEAST, NAME_FAIR, NAME_ENOUGH = 16, 18, 24
PLACE_LEAST = 8
EDGE = 4
"""Cursor, star, bell and a space."""
COLUMN_GAP = 2
"""Cells after the counts and after the glyphs; one cell follows each other column."""


class Columns(Struct, frozen=True):
    """Widths in cells; zero for a column that is not drawn."""

    free: int
    glyphs: int
    id: int
    name: int
    place: int
    distance: int
    plug: int

    @property
    def volatile(self) -> int:
        """Cells of what the stream says: counts and glyphs."""
        return self.free + COLUMN_GAP + self.glyphs + COLUMN_GAP


class Needs(Struct):
    """How wide each column would like to be; zero where there is nothing to show in it."""

    free: int = 0
    glyphs: int = 0
    id: int = 0
    place: int = 0
    distance: int = 0
    plug: int = 0


def lay_out(width: int, needs: Needs) -> Columns:
    """Share out ``width`` cells.

    A column that does not fit goes away whole, least needed first: the id, then plug, place and distance. Who looks for
    a charger asks where it is before what it is called in a register.
    """
    free = max(FREE_LEAST, min(FREE_MOST, needs.free))
    glyphs = max(GLYPHS_LEAST, min(GLYPHS_ENOUGH, needs.glyphs))
    name = width - EDGE - free - COLUMN_GAP - glyphs - COLUMN_GAP - 1 - CHANGED - 1
    if name < NAME_LEAST:
        less = min(glyphs - GLYPHS_LEAST, NAME_LEAST - name)
        glyphs, name = glyphs - less, name + less
    place = min(needs.place, PLACE_LEAST)
    kept = {"distance": needs.distance, "place": place, "plug": needs.plug, "id": needs.id}
    for column, need in kept.items():
        if need and name - need - 1 >= NAME_LEAST:
            name -= need + 1
        else:
            kept[column] = 0
    # What is left over, to whom it helps most.
    if kept["place"]:
        more = max(0, min(needs.place - place, name - NAME_FAIR))
        kept["place"] += more
        name -= more
    more = max(0, min(min(needs.glyphs, GLYPHS_MOST) - glyphs, name - NAME_ENOUGH))
    return Columns(free=free, glyphs=glyphs + more, name=max(1, name - more), **kept)
