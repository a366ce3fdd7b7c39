"""Report the link's status in sentences, for commands without a screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from nobil_tui.monitor.batch import Batch, LinkPhase, LinkState, Note, NoteKind, StreamCounts

Print = Callable[[str], None]
"""Print a message for the user; data goes elsewhere."""


class KeyRefusedError(Exception):
    """The source refused the API key. Its text is safe to show."""


class LinkReporter:
    """Print what happens to the link to the source called ``name``."""

    def __init__(self, name: str, print_message: Print) -> None:
        self._name = name
        self._print = print_message
        self._report_unreadable_at = 1
        """The number of unreadable frames that causes the next message about them."""

    def report(self, batch: Batch, counts: StreamCounts) -> None:
        """Print the notes of a batch."""
        for entry in batch.entries:
            if isinstance(entry, Note) and (message := self._message(entry, batch.link, counts)):
                self._print(message)

    def raise_if_refused(self, link: LinkState) -> None:
        """Raise ``KeyRefusedError`` if the key was refused for good: without a screen, it cannot be
        corrected."""
        if link.phase is LinkPhase.REFUSED and not link.retry_at:
            if link.login:
                # It may not be the source's: a relay has one for NATS.
                raise KeyRefusedError(f"{link.reason}.")
            raise KeyRefusedError(f"{self._name} refused the key ({link.reason}).")

    def _message(self, note: Note, link: LinkState, counts: StreamCounts) -> str:
        match note.kind:
            case NoteKind.CONNECTED:
                return f"Connected to {self._name}."
            case NoteKind.LOST:
                return f"Lost the link to {self._name}: {note.text}. Retrying automatically."
            case NoteKind.NOT_LIVE:
                return f"{self._name} is not live: {note.text}."
            case NoteKind.FULL:
                return f"{self._name}: {note.text}. The rest is ignored."
            case NoteKind.DEGRADED:
                return f"{self._name}: {note.text}."
            case NoteKind.LEFT:
                return f"{self._name}: {note.text}."
            case NoteKind.UNREADABLE:
                return self._unreadable(note.text, counts.unreadable)
            case NoteKind.ENDED:
                return f"{self._name} has ended."
            case NoteKind.REFUSED:
                # A first refusal ends the command with an error.
                if not link.retry_at:
                    return ""
                return (
                    f"{self._name} refused the key ({note.text}), which worked before. "
                    "Retrying every few minutes."
                )
            case NoteKind.LOGIN_REFUSED:
                if not link.retry_at:
                    return ""
                return f"{note.text}, which worked before. Retrying every few minutes."
            case NoteKind.RESTARTED | NoteKind.ALERT:
                # Only the app rewinds a recording, and an alert is not part of a batch.
                return ""
            case unknown:
                assert_never(unknown)

    def _unreadable(self, reason: str, count: int) -> str:
        # At 1, 10, 100 and so on: a stream of unreadable frames must not flood the terminal.
        if count < self._report_unreadable_at:
            return ""
        self._report_unreadable_at = 10 ** len(str(count))
        if count == 1:
            return f"{self._name}: ignored an unreadable frame ({reason})."
        return f"{self._name}: ignored {count:,} unreadable frames (most recent: {reason})."
