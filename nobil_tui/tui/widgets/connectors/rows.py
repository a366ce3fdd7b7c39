"""The connectors of one station, a line each: plug, condition, since when, and when last heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import NamedTuple

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment

from nobil_tui.charging.freshness import Staleness, staleness_of
from nobil_tui.charging.register import Plugs
from nobil_tui.charging.station import Station
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.style.glyphs import fit_width
from nobil_tui.tui.text.conditions import condition_text
from nobil_tui.tui.text.times import age_text, since_text
from nobil_tui.tui.text.wrapping import wrap_text
from nobil_tui.tui.widgets.virtual_list import VirtualList

Row = list[Segment]

_CONDITION_LEAST = 8
_CONDITION_MOST = 26
_PLUG_LEAST = 7
_PLUG_MOST = 26
_HEADS = ("Now", "Plug", "Since", "For", "Heard")


class Widths(Struct, frozen=True):
    """Cells of the columns; zero for one that does not fit or has nothing in it. One cell follows each but the last."""

    number: int
    condition: int
    plug: int
    since: int
    age: int
    heard: int


def lay_out(width: int, count: int, longest: Sequence[int]) -> Widths:
    """Share out ``width`` cells: when last heard goes first, then the clock time, then the plug; never the condition.

    ``longest`` is what the longest texts of the columns need, in the order of ``Widths``; zero where there is none.
    """
    condition, plug, since, age_, heard = (
        max(need, len(head)) if need else 0 for need, head in zip(longest, _HEADS, strict=True)
    )
    number = max(2, len(str(count)))
    # Before the words stand the number and the sign; what stands at the right of its column has two cells before it.
    left = width - number - 1 - 2 - 2 - age_
    least = min(condition, _CONDITION_LEAST)
    kept = {"plug": 0, "since": 0, "heard": 0}
    if plug and left - least - 1 >= _PLUG_LEAST:
        kept["plug"] = min(plug, _PLUG_MOST, left - least - 1)
        left -= kept["plug"] + 1
    for name, need in (("since", since + 1), ("heard", heard + 1)):
        if left - need - 1 < least:
            break
        if need > 1:
            kept[name] = need
            left -= need + 1
    return Widths(number=number, condition=max(1, min(condition, _CONDITION_MOST, left)), age=age_ + 1, **kept)


class _Texts(NamedTuple):
    """What stands in the columns of one connector."""

    said: str
    plug: str
    since: str
    age: str
    heard: str


class ConnectorTable:
    """Writes the lines, in the styles of the list that shows them."""

    def __init__(self, pane: VirtualList, station_list: StationList, zone: tzinfo | None) -> None:
        self._pane = pane
        self._station_list = station_list
        self._zone = zone

    def rows(self, station: Station, now: int, width: int) -> Iterator[Row]:
        """Write the head and a line for each connector, and what of it does not fit on the next one."""
        evse_uids = station.evse_uids
        count = len(station.connectors)
        plugs = self._station_list.register.plugs_for(station.id, evse_uids, count)
        texts = [self._texts(station, index, plugs[index], now) for index in range(count)]
        widths = lay_out(width, count, [max(map(cell_len, column)) for column in zip(*texts, strict=True)])
        yield self._head(widths)
        indent = " " * (widths.number + 3)
        for index, each in enumerate(texts):
            yield self._row(station, index, each, now, widths)
            for text in self._rest(each, widths):
                for line in wrap_text(text, width - len(indent), 2, self._pane.glyphs.ellipsis):
                    yield [Segment(indent + line, self._pane.style_of("quiet"))]

    def _texts(self, station: Station, index: int, plugs: Plugs, now: int) -> _Texts:
        board = self._station_list.board
        since, heard = board.since(station, index, now), board.heard(station, index)
        least = self._pane.glyphs.at_least if since.at_least else ""
        unsure = staleness_of(board.unconfirmed_for(station, index, now)) is Staleness.SLIGHTLY_STALE
        return _Texts(
            condition_text(station.connectors[index], ""),
            plugs_text(plugs),
            least + since_text(since.at, now, self._zone),
            ("~" if unsure else least) + age_text(now - since.at),
            age_text(now - heard) if heard else "",
        )

    def _head(self, widths: Widths) -> Row:
        now, plug, since, age_, heard = _HEADS
        heads = ["#".rjust(widths.number), "  " + now.ljust(widths.condition)]
        if widths.plug:
            heads.append(plug.ljust(widths.plug))
        if widths.since:
            heads.append(since.rjust(widths.since))
        heads.append(age_.rjust(widths.age))
        if widths.heard:
            heads.append(heard.rjust(widths.heard))
        return [Segment(" ".join(heads), self._pane.style_of("quiet"))]

    def _row(self, station: Station, index: int, texts: _Texts, now: int, widths: Widths) -> Row:
        pane = self._pane
        glyphs, plain, quiet = pane.glyphs, pane.style_of(""), pane.style_of("quiet")
        condition = station.connectors[index].condition
        stale = staleness_of(self._station_list.board.unconfirmed_for(station, index, now)) >= Staleness.STALE
        style, aged = pane.condition_style(condition, stale=stale), pane.style_of("", stale=stale)
        words = texts.said if cell_len(texts.said) <= widths.condition else condition.label
        row = [
            Segment(f"{index + 1}".rjust(widths.number) + " ", quiet),
            Segment(f"{glyphs.conditions[condition]} {fit_width(words, widths.condition, glyphs.ellipsis)} ", style),
        ]
        if widths.plug:
            row.append(Segment(fit_width(texts.plug, widths.plug, glyphs.ellipsis) + " ", plain))
        if widths.since:
            row.append(Segment(texts.since.rjust(widths.since) + " ", aged))
        # Said once is enough.
        passed = texts.age.removeprefix(glyphs.at_least) if widths.since else texts.age
        row.append(Segment(passed.rjust(widths.age), aged))
        if widths.heard:
            row.append(Segment(" " + texts.heard.rjust(widths.heard), quiet))
        return row

    def _rest(self, texts: _Texts, widths: Widths) -> Iterator[str]:
        """What a line has no room for: the stream's own words, and plugs."""
        if cell_len(texts.said) > widths.condition:
            yield texts.said
        if cell_len(texts.plug) > widths.plug:
            yield texts.plug


def plugs_text(plugs: Plugs) -> str:
    """The plugs of one connector, of which one can be used at a time: ``CCS 150 + CHAdeMO 50``."""
    return " + ".join(plug.text for plug in plugs if plug.text)
