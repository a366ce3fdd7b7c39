"""Stored changes as CSV and JSON Lines.

A line has ``time`` (ISO 8601, UTC), ``station`` (its id), ``connector`` (its number, from 1),
``evse_uid`` (its id inside the station) and ``condition`` from that time on: ``null`` or empty when
it is observed no longer. The same condition again means that it was confirmed after a break.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from nobil_tui.history.observation import StoredChange
from nobil_tui.history.tally import CONDITIONS
from nobil_tui.wire.changes import csv_bytes, csv_rows, escape_formula, iso


class HistoryLine(Struct, frozen=True):
    """One stored change as it is exported."""

    time: str
    station: str
    connector: int
    evse_uid: str
    condition: str | None


_encode = msgspec.json.Encoder().encode


def history_line(change: StoredChange) -> HistoryLine:
    """Return a change in the words of the format."""
    condition = CONDITIONS.get(change.code)
    label = condition.label if condition is not None else None
    return HistoryLine(iso(change.at), change.station, change.number, change.uid, label)


def history_json(change: StoredChange) -> bytes:
    """Encode a change as a line of JSON."""
    return _encode(history_line(change)) + b"\n"


def history_csv(change: StoredChange) -> bytes:
    """Encode a change as a line of CSV."""
    return csv_rows([map(escape_formula, msgspec.structs.astuple(history_line(change)))])


def history_csv_header() -> bytes:
    """Encode the first line of CSV, with the mark by which spreadsheets know UTF-8."""
    return csv_bytes(HistoryLine.__struct_fields__, ())
