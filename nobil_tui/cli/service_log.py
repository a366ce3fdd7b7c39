"""The log of a service (``serve``, ``relay``): one line for each event on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from nobil_tui.base.paths import NoHomeError
from nobil_tui.base.redaction import redact_addresses
from nobil_tui.base.text import safe_text
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import messages_to, write_stderr, writing_in_background

if TYPE_CHECKING:
    from nobil_tui.hub.event_log import HubLog


@contextmanager
def service_log(log_format: str) -> Iterator[HubLog]:
    """Provide the log of a service while it runs.

    In JSON, the messages of the program and the error that ends it are events of the log too, so
    that every line on standard error is JSON once the command line is read.
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
        except (Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001  # reported with its traceback in the log
            message, code = _ending(error)
            events.emit("failed", level="error", message=message)
            raise Exit(code) from None


def _ending(error: Exception) -> tuple[str, int]:
    """Return the message for an error that ends a service, and its exit code."""
    if isinstance(error, click.ClickException):
        return error.format_message(), error.exit_code
    if isinstance(error, NoHomeError):
        return str(error), ExitCode.USAGE
    from nobil_tui.cli.crash import report_crash

    return report_crash(error), ExitCode.FAILURE


def _redacted_line(text: str) -> str:
    """Return a text without secrets, as one line of the log."""
    return safe_text(redact_addresses(text), 500)
