"""Export stored changes as CSV and JSON Lines.

A line has ``time`` (ISO 8601, UTC), ``station`` (its id), ``name``, ``connector`` (its number, from
1), ``evse_uid`` (its id inside the station), ``condition`` from that time on (``null`` or empty
when it is observed no longer; the same again if it was confirmed after a break), and ``credit``
(the source to name wherever the name is shown).
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from nobil_tui.base.clock import iso
from nobil_tui.charging.register import Register
from nobil_tui.history.observation import StoredChange
from nobil_tui.history.tally import CONDITIONS
from nobil_tui.wire.changes import csv_bytes, csv_rows, escape_formula


class HistoryLine(Struct, frozen=True):
    """One stored change as it is exported."""

    time: str
    station: str
    name: str | None
    connector: int
    evse_uid: str
    condition: str | None
    credit: str | None


_encode = msgspec.json.Encoder().encode


def history_line(change: StoredChange, register: Register) -> HistoryLine:
    """Return a change in the words of the format."""
    condition = CONDITIONS.get(change.code)
    name = register.facts(change.station).name or None
    return HistoryLine(
        iso(change.at),
        change.station,
        name,
        change.number,
        change.uid,
        condition.label if condition is not None else None,
        (register.credit_of(change.station) or None) if name else None,
    )


def history_json(change: StoredChange, register: Register) -> bytes:
    """Encode a change as a line of JSON."""
    return _encode(history_line(change, register)) + b"\n"


def history_csv(change: StoredChange, register: Register) -> bytes:
    """Encode a change as a line of CSV."""
    cells = msgspec.structs.astuple(history_line(change, register))
    return csv_rows([map(escape_formula, cells)])


def history_csv_header() -> bytes:
    """Encode the first line of CSV."""
    return csv_bytes(HistoryLine.__struct_fields__, ())
