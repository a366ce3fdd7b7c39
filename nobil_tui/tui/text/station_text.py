"""A station as plain text, for the clipboard."""

from __future__ import annotations

from datetime import tzinfo

from nobil_tui.charging.board import Board
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Register
from nobil_tui.tui.text.conditions import condition_reason
from nobil_tui.tui.text.staleness import connector_staleness, station_staleness
from nobil_tui.tui.text.times import since_text


def station_text(
    station_id: str, board: Board, register: Register, now: int, zone: tzinfo | None, *, credit: str
) -> str:
    """Return a station's name, place and connectors with their prices, one per line, and the credit
    for the names.

    The text has no link bar beside it, so that it names the staleness itself.
    """
    facts = register.facts(station_id)
    head = _joined(facts.name, facts.street, facts.place)
    lines = [f"{head} ({station_id})" if head else station_id]
    station = board.stations.get(station_id)
    if station is None:
        return "\n".join([*lines, "not in the stream" if board.has_snapshot else "no report yet"])
    staleness = station_staleness(board, station, now)
    evse_uids = station.evse_uids
    prices = facts.prices_for(evse_uids, len(station.connectors))
    # Without a match, it cannot be said of which connector a price is.
    price = _price_text(None if any(prices) else facts.price)
    lines.append(_joined(f"{station.summary.text} free", staleness, price))
    plugs = register.plugs_for(station_id, evse_uids, len(station.connectors))
    for index in range(len(station.connectors)):
        plug = " + ".join(text for each in plugs[index] if (text := each.text))
        since = board.since(station, index, now)
        least = "at least since" if since.at_least else "since"
        condition = f"{index + 1}: {condition_reason(board, station, index, now)}"
        text = f"{condition} {least} {since_text(since.at, now, zone)}"
        staleness = connector_staleness(board, station, index, now)
        lines.append(_joined(text, staleness, plug, _price_text(prices[index])))
    if credit:
        lines.append(f"({credit})")
    return "\n".join(lines)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _price_text(price: Price | None) -> str:
    return "" if price is None else price.text
