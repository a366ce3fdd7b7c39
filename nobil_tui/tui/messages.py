"""What the workers tell the screen."""

from __future__ import annotations

import asyncio

from textual.message import Message

from nobil_tui.monitor.batch import Batch
from nobil_tui.session.session import Session


class BatchReceived(Message):
    """A batch of what the stream said. Whoever paints it sets ``taken``: until then no other one comes."""

    def __init__(self, session: Session, batch: Batch, lines: tuple[int, int], taken: asyncio.Event) -> None:
        super().__init__()
        self.session = session
        self.batch = batch
        self.lines = lines
        """How many lines of the log came of it, and how many old ones went."""
        self.taken = taken
