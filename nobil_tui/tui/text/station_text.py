"""A station as plain text, for the clipboard."""

from __future__ import annotations

from datetime import tzinfo

from nobil_tui.charging.board import Board
from nobil_tui.charging.register import NO_FACTS, Register
from nobil_tui.tui.text.conditions import condition_reason
from nobil_tui.tui.text.staleness import connector_staleness, station_staleness
from nobil_tui.tui.text.times import since_text


def station_text(
    station_id: str, board: Board, register: Register, now: int, zone: tzinfo | None, *, credit: str
) -> str:
    """Return a station's name, place and connectors, one per line, and the credit for the names.

    The text has no link bar beside it, so that it names the staleness itself.
    """
    facts = register.facts(station_id)
    head = ", ".join(part for part in (facts.name, facts.street, facts.place) if part)
    lines = [f"{head} ({station_id})" if head else station_id]
    station = board.stations.get(station_id)
    if station is None:
        return "\n".join([*lines, "not in the stream" if board.has_snapshot else "no report yet"])
    staleness = station_staleness(board, station, now)
    free = f"{station.summary.text} free"
    lines.append(f"{free}, {staleness}" if staleness else free)
    evse_uids = station.evse_uids
    plugs = register.plugs_for(station_id, evse_uids, len(station.connectors))
    for index in range(len(station.connectors)):
        plug = " + ".join(text for each in plugs[index] if (text := each.text))
        since = board.since(station, index, now)
        least = "at least since" if since.at_least else "since"
        condition = f"{index + 1}: {condition_reason(board, station, index, now)}"
        text = f"{condition} {least} {since_text(since.at, now, zone)}"
        parts = (text, connector_staleness(board, station, index, now), plug)
        lines.append(", ".join(part for part in parts if part))
    if credit and facts != NO_FACTS:
        lines.append(f"({credit})")
    return "\n".join(lines)
