"""The table of a station's connectors: condition, plug, time of the change, and last report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment

from nobil_tui.charging.freshness import Staleness, staleness_of
from nobil_tui.charging.register import Plugs
from nobil_tui.charging.station import Station
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.style.glyphs import fit_width
from nobil_tui.tui.text.conditions import condition_reason
from nobil_tui.tui.text.times import age_text, since_text
from nobil_tui.tui.text.wrapping import wrap_text
from nobil_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from nobil_tui.history.statistics import StationHistory

Row = list[Segment]

_MIN_CONDITION_WIDTH = 8
_MAX_CONDITION_WIDTH = 26
_MIN_PLUG_WIDTH = 7
_MAX_PLUG_WIDTH = 26
_HEADS = ("Now", "Plug", "Since", "For", "Heard")


class TableWidths(Struct, frozen=True):
    """Cells of the columns; 0 if a column does not fit or is empty. All but the last have a gap of
    1."""

    number: int
    condition: int
    plug: int
    since: int
    age: int
    heard: int


def lay_out_table(width: int, count: int, longest: Sequence[int]) -> TableWidths:
    """Share ``width`` cells. The last report is dropped first, then the clock time, then the plug.

    ``longest`` has the cells of the longest text of each column in the order of ``TableWidths``;
    0 for a column without texts.
    """
    condition, plug, since, age_, heard = (
        max(need, len(head)) if need else 0 for need, head in zip(longest, _HEADS, strict=True)
    )
    number = max(2, len(str(count)))
    # The number and the glyph precede the condition; right-aligned columns have a gap of 2.
    left = width - number - 1 - 2 - 2 - age_
    least = min(condition, _MIN_CONDITION_WIDTH)
    kept = {"plug": 0, "since": 0, "heard": 0}
    if plug and left - least - 1 >= _MIN_PLUG_WIDTH:
        kept["plug"] = min(plug, _MAX_PLUG_WIDTH, left - least - 1)
        left -= kept["plug"] + 1
    for name, need in (("since", since + 1), ("heard", heard + 1)):
        if left - need - 1 < least:
            break
        if need > 1:
            kept[name] = need
            left -= need + 1
    return TableWidths(
        number=number,
        condition=max(1, min(condition, _MAX_CONDITION_WIDTH, left)),
        age=age_ + 1,
        **kept,
    )


class _Texts(NamedTuple):
    """The texts of one connector."""

    condition: str
    plug: str
    since: str
    age: str
    heard: str


class ConnectorTable:
    """Builds the rows, in the styles of a pane."""

    def __init__(self, pane: VirtualList, station_list: StationList, zone: tzinfo | None) -> None:
        self._pane = pane
        self._station_list = station_list
        self._zone = zone

    def rows(
        self, station: Station, now: int, width: int, history: StationHistory | None = None
    ) -> Iterator[Row]:
        """Yield the header and a row for each connector, with texts too long for it on the next
        row.

        Below each connector follows a strip of its last 24 hours, if its changes are recorded.
        """
        evse_uids = station.evse_uids
        count = len(station.connectors)
        plugs = self._station_list.register.plugs_for(station.id, evse_uids, count)
        texts = [self._texts(station, index, plugs[index], now) for index in range(count)]
        widths = lay_out_table(
            width, count, [max(map(cell_len, column)) for column in zip(*texts, strict=True)]
        )
        yield self._head(widths)
        indent = " " * (widths.number + 3)
        for index, each in enumerate(texts):
            yield self._row(station, index, each, now, widths)
            for text in self._rest(each, widths):
                for line in wrap_text(text, width - len(indent), 2, self._pane.glyphs.ellipsis):
                    yield [Segment(indent + line, self._pane.style_of("quiet"))]
            if history is not None:
                uid = evse_uids[index] if index < len(evse_uids) else str(index)
                yield from self._strip(history, uid, now, indent, width)

    def _strip(
        self, history: StationHistory, uid: str, now: int, indent: str, width: int
    ) -> Iterator[Row]:
        from nobil_tui.tui.widgets.connectors.history_lines import strip_of_day

        if segments := strip_of_day(history, uid, now, width - len(indent), self._pane):
            yield [Segment(indent), *segments]

    def _texts(self, station: Station, index: int, plugs: Plugs, now: int) -> _Texts:
        board = self._station_list.board
        since, heard = board.since(station, index, now), board.heard(station, index)
        least = self._pane.glyphs.at_least if since.at_least else ""
        staleness = staleness_of(board.unconfirmed_for(station, index, now))
        unsure = "~" if staleness is Staleness.SLIGHTLY_STALE else ""
        if staleness >= Staleness.STALE:
            unsure = "?"
        return _Texts(
            condition_reason(board, station, index, now),
            plugs_text(plugs),
            least + since_text(since.at, now, self._zone),
            (unsure or least) + age_text(now - since.at),
            age_text(now - heard) if heard else "",
        )

    def _head(self, widths: TableWidths) -> Row:
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

    def _row(
        self, station: Station, index: int, texts: _Texts, now: int, widths: TableWidths
    ) -> Row:
        pane = self._pane
        glyphs, plain, quiet = pane.glyphs, pane.style_of(""), pane.style_of("quiet")
        condition = station.connectors[index].condition
        stale = (
            staleness_of(self._station_list.board.unconfirmed_for(station, index, now))
            >= Staleness.STALE
        )
        style, aged = pane.condition_style(condition, stale=stale), pane.style_of("", stale=stale)
        words = (
            texts.condition if cell_len(texts.condition) <= widths.condition else condition.label
        )
        row = [
            Segment(f"{index + 1}".rjust(widths.number) + " ", quiet),
            Segment(
                f"{glyphs.conditions[condition]} "
                f"{fit_width(words, widths.condition, glyphs.ellipsis)} ",
                style,
            ),
        ]
        if widths.plug:
            row.append(Segment(fit_width(texts.plug, widths.plug, glyphs.ellipsis) + " ", plain))
        if widths.since:
            row.append(Segment(texts.since.rjust(widths.since) + " ", aged))
        # One mark is enough.
        passed = texts.age.removeprefix(glyphs.at_least) if widths.since else texts.age
        row.append(Segment(passed.rjust(widths.age), aged))
        if widths.heard:
            row.append(Segment(" " + texts.heard.rjust(widths.heard), quiet))
        return row

    def _rest(self, texts: _Texts, widths: TableWidths) -> Iterator[str]:
        """Yield the texts that a row truncates."""
        if cell_len(texts.condition) > widths.condition:
            yield texts.condition
        if cell_len(texts.plug) > widths.plug:
            yield texts.plug


def plugs_text(plugs: Plugs) -> str:
    """Return the plugs of one connector, of which one is usable at a time: ``CCS 150 + CHAdeMO
    50``."""
    return " + ".join(plug.text for plug in plugs if plug.text)
