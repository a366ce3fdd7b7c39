"""The lines of the connectors pane: a station, its connectors and its register entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style

from nobil_tui.charging.geo import distance_text
from nobil_tui.charging.register import Facts
from nobil_tui.charging.station import Station, Summary
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.style.glyphs import truncate
from nobil_tui.tui.text.positions import map_url, position_text
from nobil_tui.tui.text.staleness import station_staleness
from nobil_tui.tui.text.times import age_text_lasts
from nobil_tui.tui.text.wrapping import flow_parts, wrap_text
from nobil_tui.tui.widgets.connectors.rows import ConnectorTable, Row, plugs_text
from nobil_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from nobil_tui.history.statistics import StationHistory

_OPERATOR_WORDS = {-1: "unknown", 0: "free", 1: "occupied", 2: "error"}
_LABEL_WIDTH = 9
_MINUTE = 60_000
"""Milliseconds."""
_PARKING_WORDS = {True: "paid", False: "free of charge", None: ""}
_MAX_LINES = {"Price": 4, "Where": 3, "Comment": 5, "Contact": 3}
"""Lines for a text of the register; 1 for the others."""


class TableHead(Struct, frozen=True):
    """The lines of the connectors' table, for its headings."""

    row: int
    last_row: int
    """The last line of the connectors."""


class DetailPainter:
    """Builds the lines of a station, in the styles of a pane."""

    def __init__(self, pane: VirtualList, station_list: StationList, zone: tzinfo | None) -> None:
        self._pane = pane
        self._station_list = station_list
        self._connectors = ConnectorTable(pane, station_list, zone)
        self.head: TableHead | None = None
        """The headings of the connectors in the lines built last; None without connectors."""
        self._zone = zone

    def rows(
        self,
        station_id: str,
        now: int,
        width: int,
        *,
        spacious: bool,
        starred: bool,
        has_alert: bool,
        history: StationHistory | None = None,
    ) -> list[Row]:
        """Build all lines at ``now`` (ms).

        ``spacious``: separate the parts by empty lines; otherwise, the connectors come early.
        """
        if history is not None and history.station != station_id:
            history = None
        facts = self._station_list.register.facts(station_id)
        station = self._station_list.board.stations.get(station_id)
        where, counts, usual = [*self._where(station_id, facts, width)], [], []
        table = station is not None and bool(station.connectors)
        if station is None or not station.connectors:
            rows = [*self._text(self._no_connectors_text(station), width)]
        else:
            counts = [*self._counts(station, now, width)]
            usual = [*self._usual(history, now, width)]
            rows = [*self._connectors.rows(station, now, width, history)]
        head = [self._name(station_id, facts, width, starred=starred, has_alert=has_alert)]
        if spacious or not table:
            head += [*where, *counts, *usual]
            where, usual = [], []
        else:
            head += counts
        known = [
            *where,
            *usual,
            *self._plugs(station, facts, width),
            *self._more(station_id, facts, width),
        ]
        between: list[Row] = [[]] if spacious else []
        first = len(head) + len(between)
        self.head = TableHead(first, first + len(rows) - 1) if table else None
        written = [*head, *between, *rows, *(between if known else ()), *known]
        credit = self._station_list.register.credit_of(station_id)
        if credit:
            written += [*between, *self._text(credit.partition(", https:")[0], width)]
        return written

    def lasts(self, station_id: str, now: int) -> int:
        """Return for how many ms the lines of a station built at ``now`` (ms) stay as they are,
        unless something changes."""
        board = self._station_list.board
        if not board.downtime.live:
            # The staleness grows.
            return 0
        times: list[int | None] = []
        if (station := board.stations.get(station_id)) is not None:
            for index in range(len(station.connectors)):
                times += [board.since(station, index, now).at, board.heard(station, index)]
        ages = (age_text_lasts(now - at) for at in times if at)
        # The day and the hour change with a minute, in every time zone.
        return min(_MINUTE - now % _MINUTE, *ages, _MINUTE)

    def depends_on(self, station_id: str) -> tuple[object, ...]:
        """Return everything that may change the lines of a station without a message: the pane
        checks it each second."""
        station_list = self._station_list
        board, register = station_list.board, station_list.register
        return (
            self.heard(station_id),
            board.stations.get(station_id) is None,
            board.has_snapshot,
            board.downtime.live,
            board.downtime.past,
            board.freshness.confirmed,
            register.version,
            station_list.origin,
            station_list.query.plugs,
        )

    def heard(self, station_id: str) -> int | None:
        """Return the time (ms) of the last report about any connector of a station."""
        board = self._station_list.board
        station = board.stations.get(station_id)
        if station is None:
            return None
        every = (board.heard(station, index) for index in range(len(station.connectors)))
        return max((at for at in every if at), default=None)

    def map_url(self, station_id: str) -> str:
        """Return the URL of a map of the station; empty without a position."""
        position = self._station_list.register.facts(station_id).position
        return map_url(position) if position else ""

    def _no_connectors_text(self, station: Station | None) -> str:
        if station is not None:
            return "The stream names no connectors of this station."
        complete = self._station_list.board.has_snapshot
        absent = "Not in the stream" if complete else "Not reported yet"
        return f"{absent}; its connectors are unknown."

    # The head

    def _name(
        self, station_id: str, facts: Facts, width: int, *, starred: bool, has_alert: bool
    ) -> Row:
        pane = self._pane
        glyphs = pane.glyphs
        signs = [(glyphs.star, "star")] * starred + [(glyphs.alert, "note")] * has_alert
        room = max(1, width - sum(len(sign) + 1 for sign, _ in signs))
        return [
            Segment(
                truncate(facts.name or station_id, room, glyphs.ellipsis), pane.style_of("strong")
            ),
            *(Segment(f" {sign}", pane.style_of(name)) for sign, name in signs),
        ]

    def _where(self, station_id: str, facts: Facts, width: int) -> Iterator[Row]:
        town = " ".join(part for part in (facts.zipcode, facts.place) if part)
        address = ", ".join(part for part in (facts.street, town) if part)
        km = self._station_list.distance(station_id)
        yield from self._flow((address, "" if km is None else distance_text(km)), width, 2)

    def _counts(self, station: Station, now: int, width: int) -> Iterator[Row]:
        """Yield our counts and their staleness, and the status that the operator states."""
        station_list = self._station_list
        out_of_service = len(station.connectors) - station.summary.total
        parts = [
            *_counted(station.summary),
            f"{out_of_service} not in service" if out_of_service else "",
        ]
        parts.append(station_staleness(station_list.board, station, now))
        if station.status is not None:
            parts.append(
                f"operator says {_OPERATOR_WORDS.get(station.status, f'status {station.status}')}"
            )
        yield from self._flow(parts, width, 3, "")
        if station_list.query.plugs:
            asked = ", ".join(_counted(station_list.count(station)))
            yield from self._flow((f"{station_list.query.plugs.label}: {asked}",), width, 1, "note")

    def _usual(self, history: StationHistory | None, now: int, width: int) -> Iterator[Row]:
        """Yield how often the station is free at this hour."""
        if history is not None:
            from nobil_tui.tui.widgets.connectors.history_lines import usual_now

            yield from self._flow((usual_now(history, now, self._zone),), width, 1)

    # The register entry

    def _plugs(self, station: Station | None, facts: Facts, width: int) -> Iterator[Row]:
        """Yield all plugs in one line, if they cannot be assigned to connectors."""
        if not facts.plugs:
            return
        if station is not None and station.connectors:
            evse_uids = station.evse_uids
            if facts.plugs_for(evse_uids, len(station.connectors)) is not None:
                return
        counted = Counter(text for plug in facts.plugs if (text := plugs_text((plug,))))
        every = ", ".join(
            f"{count} x {text}" if count > 1 else text for text, count in counted.items()
        )
        yield from self._labelled("Plugs", every, width, 3)

    def _more(self, station_id: str, facts: Facts, width: int) -> Iterator[Row]:
        owner = "" if facts.owner.casefold() == facts.operator.casefold() else facts.owner
        texts = {
            "Price": _prices_text(facts),
            "Operator": facts.operator,
            "Owner": owner,
            "Id": station_id if facts.name else "",
            "Hours": facts.opening,
            "Parking": _PARKING_WORDS[facts.parking_fee],
            "Access": facts.availability,
            "Where": facts.description,
            "Comment": facts.comment,
            "Contact": facts.contact,
        }
        for label, text in texts.items():
            yield from self._labelled(label, text, width, _MAX_LINES.get(label, 1))
        if facts.position is not None:
            link = self._pane.style_of("note") + Style(link=map_url(facts.position), underline=True)
            yield [
                Segment("Map".ljust(_LABEL_WIDTH), self._pane.style_of("quiet")),
                Segment(truncate(position_text(facts.position), width - _LABEL_WIDTH), link),
            ]

    # Lines

    def _labelled(self, label: str, text: str, width: int, max_lines: int) -> Iterator[Row]:
        pane = self._pane
        lines = wrap_text(text, width - _LABEL_WIDTH, max_lines, pane.glyphs.ellipsis)
        for index, line in enumerate(lines):
            head = Segment(("" if index else label).ljust(_LABEL_WIDTH), pane.style_of("quiet"))
            yield [head, Segment(line, pane.style_of(""))]

    def _flow(
        self, parts: tuple[str, ...] | list[str], width: int, most: int, style: str = "quiet"
    ) -> Iterator[Row]:
        glyphs = self._pane.glyphs
        for line in flow_parts(parts, f" {glyphs.dot} ", width, most, glyphs.ellipsis):
            yield [Segment(line, self._pane.style_of(style))]

    def _text(self, text: str, width: int) -> Iterator[Row]:
        for line in wrap_text(text, width, 4, self._pane.glyphs.ellipsis):
            yield [Segment(line, self._pane.style_of("quiet"))]


def _prices_text(facts: Facts) -> str:
    """Return the prices at a station: one, or each with the plugs that it is for."""
    plugs_of: dict[str, list[str]] = {}
    for plug, price in zip(facts.plugs, facts.prices, strict=False):
        if price is not None:
            plugs_of.setdefault(price.text, []).append(plug.text)
    if len(plugs_of) == 1 and None not in facts.prices:
        return next(iter(plugs_of))
    named = (
        (", ".join(filter(None, dict.fromkeys(plugs))), text) for text, plugs in plugs_of.items()
    )
    return "; ".join(f"{plugs}: {text}" if plugs else text for plugs, text in named)


def _counted(summary: Summary) -> list[str]:
    """Return ``2/4 free`` and the counts of the other connectors."""
    counts = summary.in_use, summary.faults, summary.unknown
    words = "occupied", "faulty", "unknown"
    others = (f"{count} {word}" for count, word in zip(counts, words, strict=True) if count)
    return [f"{summary.text} free", *others]
