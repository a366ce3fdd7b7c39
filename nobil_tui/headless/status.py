"""Print the state of stations and their connectors: ``nobil-tui status``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from nobil_tui.base.text import safe_text
from nobil_tui.charging.station import Summary
from nobil_tui.headless.listing import credit_lines
from nobil_tui.wire.station_lines import ConnectorLine, StationLine


def status_text(lines: Iterable[StationLine]) -> str:
    """Return the state of stations as text, with the credit of the names."""
    shown = list(lines)
    text = [row for line in shown for row in _station(line)]
    return "\n".join([*text, *credit_lines(shown), ""])


def _station(line: StationLine) -> list[str]:
    name = ", ".join(safe_text(text) for text in (line.name, line.place) if text)
    if line.certainty is None:
        return [f"{line.station}  no report  {name}".rstrip()]
    age = _unconfirmed(line.certainty, line.unconfirmed_s or 0)
    counts = Summary(line.free, line.total, line.in_use, line.faults, line.unknown)
    head = f"{line.station}  {counts.text} free{age}  {name}".rstrip()
    if line.price is not None and not any(each.price for each in line.connectors):
        # It is unknown which connector it belongs to.
        head = f"{head}  {safe_text(line.price.text)}"
    return [head, *map(_connector, line.connectors)]


def _connector(line: ConnectorLine) -> str:
    since = datetime.fromisoformat(line.since).astimezone().isoformat(" ", "minutes")[:16]
    least = "at least " if line.since_at_least else ""
    plugs = f"  {safe_text(', '.join(line.plugs))}" if line.plugs else ""
    age = _unconfirmed(line.certainty, line.unconfirmed_s)
    price = f"  {safe_text(line.price.text)}" if line.price is not None else ""
    return f"  {line.connector}  {line.condition} since {least}{since}{age}{plugs}{price}"


def _unconfirmed(certainty: str, seconds: int) -> str:
    """Return how certain the state is; empty if it is confirmed."""
    if certainty == "confirmed":
        return ""
    if seconds < 60:
        age = f"{seconds} s"
    else:
        age = f"{seconds // 60} min" if seconds < 2 * 3600 else f"{seconds // 3600} h"
    return f" ({certainty}: unconfirmed for {age})"
