"""The log of a service (``serve``, ``relay``): one line for each event on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from click.exceptions import Exit

from nobil_tui.base.redaction import redact_addresses
from nobil_tui.base.text import safe_text
from nobil_tui.cli.messages import (
    CommandError,
    messages_to,
    write_stderr,
    writing_in_background,
)

if TYPE_CHECKING:
    from nobil_tui.hub.event_log import HubLog


@contextmanager
def service_log(log_format: str) -> Iterator[HubLog]:
    """Give the log of a service while it runs.

    In JSON, the messages of the program and the error that ends it are events of the log too, so
    that every line on standard error is JSON.
    """
    from nobil_tui.hub.event_log import HubLog, LogFormat

    events = HubLog(lambda line: write_stderr(line + "\n"), LogFormat(log_format), _redacted_line)
    with writing_in_background():
        if log_format == LogFormat.TEXT:
            yield events
            return
        try:
            with messages_to(lambda text: events.emit("message", level="warning", message=text)):
                yield events
        except CommandError as error:
            events.emit("failed", level="error", message=error.message)
            raise Exit(error.exit_code) from None


def _redacted_line(text: str) -> str:
    """Return a text as it may be in a line of the log."""
    return safe_text(redact_addresses(text), 500)
