"""nobil-tui with an event log that drops its entries and is not shown: the log's baseline."""

from __future__ import annotations

import os

from nobil_tui.cli.app import MAX_FPS

# Like in a usual start: Textual reads it when it is imported.
os.environ.setdefault("TEXTUAL_FPS", MAX_FPS)

from nobil_tui.cli import main
from nobil_tui.tui.widgets.event_log.pane import EventLog

if __name__ == "__main__":

    async def add_nothing(self: EventLog, entries: object) -> None:
        """Ignore the entries."""

    setattr(EventLog, "add", add_nothing)  # noqa: B010  # mypy forbids the assignment
    main()
