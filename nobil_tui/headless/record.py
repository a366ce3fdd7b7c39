"""Record a stream to a file as it arrives: ``nobil-tui record``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_until_first
from nobil_tui.headless.link_reporter import LinkReporter, Print
from nobil_tui.session.session import Session
from nobil_tui.store.recorder import Recorder, RecordError

REPORT_INTERVAL = 1.0
"""Seconds between two progress reports, and between two checks for a disk error."""


class FrameTap:
    """The tap of a link: pass each frame to ``recorder``.

    The link is made before the recorder, which needs to know what the link receives.
    """

    def __init__(self) -> None:
        self.recorder: Recorder | None = None

    def __call__(self, data: bytes, at: int) -> None:
        """Pass on a frame received at ``at`` (ms)."""
        if self.recorder is not None:
            self.recorder(data, at)


async def record_session(
    session: Session,
    recorder: Recorder,
    print_message: Print,
    on_progress: Callable[[int], None],
    *,
    clock: Clock | None = None,
) -> None:
    """Run an open session whose link has ``recorder`` as its tap, until it ends or is cancelled.

    ``on_progress`` receives the number of frames written, every ``REPORT_INTERVAL``. Raises
    ``KeyRefusedError``, and ``RecordError`` if the disk cannot be written. The caller closes the
    recorder.
    """
    await run_until_first(
        _read(session, print_message),
        _watch(recorder, print_message, on_progress, clock or Clock()),
    )


async def _read(session: Session, print_message: Print) -> None:
    reporter = LinkReporter(session.source.name, print_message)
    async with aclosing(session.batches()) as batches:
        async for batch in batches:
            reporter.report(batch, session.counts)
            reporter.raise_if_refused(batch.link)


async def _watch(
    recorder: Recorder, print_message: Print, on_progress: Callable[[int], None], clock: Clock
) -> None:
    """Report the recorder's progress and its next file; raise ``RecordError`` once it has
    failed."""
    path: Path = recorder.path
    while recorder.error is None:
        await clock.sleep(REPORT_INTERVAL)
        if recorder.path != path:
            path = recorder.path
            print_message(f"Continuing in {path}.")
        on_progress(recorder.frames)
    raise RecordError(recorder.error)
