"""The event log of a hub: one structured line per event, as text or as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

EventField = str | int | float | bool | None

_encode = msgspec.json.Encoder().encode


class LogFormat(StrEnum):
    """How an event is written."""

    TEXT = "text"
    JSON = "json"


class HubLog:
    """Write events with ``write``, which gets a line; without one, they are dropped."""

    def __init__(
        self,
        write: Callable[[str], None] | None = None,
        format_: LogFormat = LogFormat.TEXT,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._write = write
        self._format = format_
        self._redact = redact

    def emit(self, event: str, *, level: str = "info", **fields: EventField) -> None:
        """Write an event with its fields."""
        if self._write is None:
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
        safe = {
            name: self._redact(value) if isinstance(value, str) else value
            for name, value in fields.items()
            if value is not None
        }
        if self._format is LogFormat.JSON:
            line = _encode({"time": time, "level": level, "event": event, **safe}).decode()
        else:
            words = [f"{name}={_word(value)}" for name, value in safe.items()]
            line = " ".join([time, level.upper(), event, *words])
        self._write(line)


def _word(value: EventField) -> str:
    text = str(value)
    plain = bool(text) and all(each.isalnum() or each in "._:-/%[]" for each in text)
    return text if plain else _encode(text).decode()
