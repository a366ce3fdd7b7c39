"""Print changes as JSON Lines, as they happen: ``nobil-tui tail``."""

from __future__ import annotations

from contextlib import aclosing, suppress

from nobil_tui.base.tasks import run_until_first
from nobil_tui.charging.board import Change
from nobil_tui.headless.link_reporter import LinkReporter, Print
from nobil_tui.headless.station_choice import StationChoice
from nobil_tui.headless.stdout import StdoutWriter
from nobil_tui.monitor.batch import Batch, LinkPhase
from nobil_tui.session.session import Session
from nobil_tui.wire.changes import json_line


class Tail:
    """Write each change of an open ``session`` to ``out`` as a line of JSON, and report on the
    link.

    ``session`` should be lossless. ``choice``: the stations and connectors to print, None for all.
    """

    def __init__(
        self,
        session: Session,
        out: StdoutWriter,
        print_message: Print,
        *,
        choice: StationChoice | None = None,
    ) -> None:
        self._session = session
        self._reporter = LinkReporter(session.source.name, print_message)
        self._out = out
        self._choice = choice

    async def run(self) -> None:
        """Run until the source ends or the output has no reader.

        Raises ``KeyRefusedError``, ``UnknownStationError``, and ``OSError`` if the output cannot
        be written.
        """
        with suppress(BrokenPipeError):
            await run_until_first(self._write(), self._out.wait_reader_gone())

    async def _write(self) -> None:
        async with aclosing(self._session.batches()) as batches:
            async for batch in batches:
                self._reporter.report(batch, self._session.counts)
                if self._choice is not None:
                    self._choice.update()
                if lines := self._lines(batch):
                    await self._out.write(lines)
                self._reporter.raise_if_refused(batch.link)
                if batch.link.phase is LinkPhase.ENDED:
                    break
        if self._choice is not None:
            self._choice.finish()

    def _lines(self, batch: Batch) -> bytes:
        register = self._session.register
        changes = [entry for entry in batch.entries if isinstance(entry, Change)]
        if (choice := self._choice) is not None and changes:
            stations = dict.fromkeys(change.station for change in changes)
            chosen = set(choice.matching([*stations], self._session.clock.now()))
            changes = [
                change
                for change in changes
                if change.station in chosen
                and choice.selects(change.station, change.number - 1, if_unknown=True)
            ]
        return b"".join(json_line(change, register) for change in changes)
