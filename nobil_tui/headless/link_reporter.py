"""What a command without a screen tells of its link, in sentences on stderr."""

from __future__ import annotations

from collections.abc import Callable

from nobil_tui.monitor.batch import Batch, LinkPhase, LinkState, Note, NoteKind, StreamCounts

Say = Callable[[str], None]


class KeyRefusedError(Exception):
    """The source does not take the key. Its text is the reason, safe to show."""


class Teller:
    """Says what becomes of the link to the source ``name``."""

    def __init__(self, name: str, say: Say) -> None:
        self._name = name
        self._say = say
        self._next = 1
        """How many frames must be unreadable for the next word about them."""

    def tell(self, batch: Batch, counts: StreamCounts) -> None:
        """Say what is new."""
        for entry in batch.entries:
            if isinstance(entry, Note) and (words := self._words(entry, counts)):
                self._say(words)

    def stop_if_refused(self, link: LinkState) -> None:
        """Raise ``KeyRefusedError`` where that is so: without a screen, nobody can give another key."""
        if link.phase is LinkPhase.REFUSED:
            raise KeyRefusedError(f"{self._name} does not take the key ({link.reason}).")

    def _words(self, note: Note, counts: StreamCounts) -> str:
        match note.kind:
            case NoteKind.CONNECTED:
                return f"Connected to {self._name}."
            case NoteKind.LOST:
                return f"No link to {self._name}: {note.text}. It is tried again by itself."
            case NoteKind.LEFT:
                return f"{self._name}: {note.text}."
            case NoteKind.UNREADABLE:
                return self._unreadable(note.text, counts.unreadable)
            case NoteKind.ENDED:
                return f"{self._name} has ended."
            case _:
                return ""

    def _unreadable(self, reason: str, count: int) -> str:
        # A stream of rubbish has better things to fill than the terminal.
        if count < self._next:
            return ""
        self._next = 10 ** len(str(count))
        if count == 1:
            return f"{self._name}: A frame could not be read ({reason})."
        return f"{self._name}: {count:,} frames could not be read (the last one: {reason})."
