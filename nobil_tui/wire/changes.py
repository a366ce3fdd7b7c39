"""Encode changes as JSON Lines and CSV, for scripts and spreadsheets.

A line has ``time`` (ISO 8601, UTC), ``station`` (its id), ``name``, ``connector`` (its number, from
1), ``before`` and ``after`` (conditions; ``null`` or empty at first sight and if the connector is
gone), ``word`` (the stream's own status word, if it uses words), ``missed`` (true if it happened
while disconnected), and ``credit`` (the source to name wherever the line is shown; ``null`` or
empty if it needs none, such as for a simulated station). Every line has the credit, since lines may
be copied singly.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from nobil_tui.base.clock import iso
from nobil_tui.base.decoding import BOM
from nobil_tui.charging.board import Change
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector


class ChangeLine(Struct, frozen=True):
    """One change with the fields of the format."""

    time: str
    station: str
    name: str | None
    connector: int
    before: str | None
    after: str | None
    word: str | None
    missed: bool
    credit: str | None


_encode = msgspec.json.Encoder().encode
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def line_of(change: Change, register: Register) -> ChangeLine:
    """Return a change with the fields of the format."""
    return ChangeLine(
        iso(change.at),
        change.station,
        register.facts(change.station).name or None,
        change.number,
        _condition(change.before),
        _condition(change.after),
        change.after.word or None if change.after is not None else None,
        change.missed,
        register.credit_of(change.station) or None,
    )


def json_line(change: Change, register: Register) -> bytes:
    """Encode a change as one line of JSON, including the line feed."""
    return _encode(line_of(change, register)) + b"\n"


def changes_csv(changes: Iterable[Change], register: Register) -> bytes:
    """Encode changes as CSV with a header."""
    rows = (msgspec.structs.astuple(line_of(change, register)) for change in changes)
    return csv_bytes(ChangeLine.__struct_fields__, rows)


def csv_bytes(header: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Encode rows as CSV with a header, and with the byte order mark by which spreadsheets
    recognize UTF-8."""
    return BOM + csv_rows([header]) + csv_rows(map(escape_formula, row) for row in rows)


def csv_rows(rows: Iterable[Iterable[object]]) -> bytes:
    """Encode rows as CSV, as they are."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def _condition(connector: Connector | None) -> str | None:
    return None if connector is None else connector.condition.label


def escape_formula(value: object) -> object:
    """Return a value as a cell of CSV; no text becomes a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    # Quoted: a spreadsheet would evaluate such a text as a formula.
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
