"""Read the state of all stations once, for commands that print it and end."""

from __future__ import annotations

from contextlib import aclosing
from datetime import datetime

from nobil_tui.base.tasks import run_until_first
from nobil_tui.headless.link_reporter import LinkReporter, Print
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.session.session import Session

SNAPSHOT_TIMEOUT = 15.0
"""Seconds to wait for the snapshot of a stream before the last known state is used."""


class NoStateError(Exception):
    """Neither the stream nor an earlier session has a state. Its text is safe to show."""


async def read_once(
    session: Session, print_message: Print, *, seconds: float = SNAPSHOT_TIMEOUT
) -> None:
    """Fill the board of an open session, and print a sentence that says with what.

    The state is that of the stream's snapshot if it sends one within ``seconds``, that at the end
    of a recording, or else the last known one. Raises ``KeyRefusedError`` and ``NoStateError``.
    """
    reason = "it sends no snapshot"
    if session.player is not None:
        await _play(session, print_message)
        return
    if session.sends_snapshot:
        reason = await _read_snapshot(session, seconds)
        if not reason:
            print_message(_snapshot_words(session))
            return
    if not session.board.stations:
        await session.restore()
    name, board = session.source.name, session.board
    if not board.stations:
        problem = session.notice or "There is no last known state."
        hint = "" if session.sends_snapshot else " Run nobil-tui or nobil-tui tail to collect one."
        raise NoStateError(f"No live state of {name}: {reason}. {problem}{hint}")
    if session.notice:
        print_message(session.notice)
    alive = board.downtime.checkpoint(session.clock.now())[1]
    when = datetime.fromtimestamp(alive / 1000).astimezone().isoformat(" ", "minutes")
    print_message(f"Last known state of {name}, as of {when}: {reason}.")


def _snapshot_words(session: Session) -> str:
    """Return a sentence about the snapshot of a stream; the snapshot of a hub may be old."""
    name, link = session.source.name, session.link
    if link.phase is LinkPhase.NOT_LIVE:
        return f"Last known state of {name}, which is not live: {link.reason}.{_missing(session)}"
    return f"Live state of {name}.{_missing(session)}"


def _missing(session: Session) -> str:
    """Return how many stations could not be read, after a space; empty if all were read."""
    count = session.monitor.counts.unreadable if session.monitor is not None else 0
    return f" Not readable, and so not listed: {count:,}." if count else ""


async def _play(session: Session, print_message: Print) -> None:
    """Play a recording to its end."""
    async with aclosing(session.batches()) as batches:
        async for batch in batches:
            # The feed waits: a recording can be rewound.
            if batch.link.phase is LinkPhase.ENDED:
                break
    name = session.source.name
    if not session.board.stations:
        raise NoStateError(f"There are no stations in {name}.{_missing(session)}")
    print_message(f"State at the end of {name}.{_missing(session)}")


async def _read_snapshot(session: Session, seconds: float) -> str:
    """Wait for the snapshot of a stream; return why none came, or an empty string."""
    reporter = LinkReporter(session.source.name, lambda _: None)
    reading = _first_snapshot(session, reporter)
    problem = await run_until_first(reading, session.options_clock.sleep(seconds))
    if problem is None:
        return session.link.reason or f"no snapshot within {seconds:g} s"
    return problem


async def _first_snapshot(session: Session, reporter: LinkReporter) -> str:
    async with aclosing(session.batches()) as batches:
        async for batch in batches:
            if session.board.has_snapshot:
                return ""
            reporter.raise_if_refused(batch.link)
            if batch.link.phase in (LinkPhase.RETRYING, LinkPhase.ENDED):
                return batch.link.reason or "it has ended"
    return "it has ended"
