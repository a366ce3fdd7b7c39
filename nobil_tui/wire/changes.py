"""Changes as JSON Lines and CSV, for scripts and spreadsheets.

A line has ``time`` (ISO 8601, UTC), ``station`` (its id), ``name``, ``connector`` (its number, from 1), ``before`` and
``after`` (conditions; ``null`` or empty at first sight and where the connector is gone), ``word`` (what the stream said
itself, where it uses words), ``missed`` (true for what happened while disconnected), and ``credit`` (who is to be named
where the name is shown; ``null`` or empty where the name is missing or made up). The credit stands in every line, since
each may travel alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from nobil_tui.charging.board import Change
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector


class ChangeLine(Struct, frozen=True):
    """One change in the words of the format."""

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
    """Return a change in the words of the format."""
    name = register.facts(change.station).name or None
    return ChangeLine(
        iso(change.at),
        change.station,
        name,
        change.number,
        _condition(change.before),
        _condition(change.after),
        change.after.word or None if change.after is not None else None,
        change.missed,
        (register.credit_of(change.station) or None) if name else None,
    )


def json_line(change: Change, register: Register) -> bytes:
    """Encode a change as one line of JSON, with a line feed."""
    return _encode(line_of(change, register)) + b"\n"


def csv_text(changes: Iterable[Change], register: Register) -> str:
    """Encode changes as CSV with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(ChangeLine.__struct_fields__)
    for change in changes:
        row = msgspec.structs.astuple(line_of(change, register))
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def iso(at: int) -> str:
    """Return milliseconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _condition(connector: Connector | None) -> str | None:
    return None if connector is None else connector.condition.label


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    # A spreadsheet would run such a text as a formula.
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
