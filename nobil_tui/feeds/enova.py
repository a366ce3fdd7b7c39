"""NOBIL Real-time by Enova as a feed: a WebSocket, reached by a token call, that tells one connector at a time.

It sends no snapshot, no time and nothing again: what changed during a break stays unknown until it is reported.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator

from nobil_tui.feeds.backoff import Backoff
from nobil_tui.feeds.clock import Clock
from nobil_tui.feeds.enova_token import ADDRESS, TokenCall
from nobil_tui.feeds.events import ConnectorReport, Event, Ignored, Unreadable
from nobil_tui.feeds.link import Frame, Link, Tap
from nobil_tui.wire import enova
from nobil_tui.wire.text import NotReadableError

MOST_WORDS = 100
"""Status words that are counted each; a stream that makes up more is broken."""

logger = logging.getLogger(__name__)


class UnheardOf:
    """Counts the reports whose status word the operator does not document, and logs each word once."""

    def __init__(self) -> None:
        self.reports = 0
        """How many reports had such a word."""
        self.words: dict[str, int] = {}
        """How many had which, for the first ``MOST_WORDS`` words; safe to show."""

    def note(self, word: str) -> None:
        """Look at the word of a report, as ``wire.enova`` gives it."""
        if enova.heard_of(word):
            return
        self.reports += 1
        if word in self.words:
            self.words[word] += 1
        elif len(self.words) < MOST_WORDS:
            self.words[word] = 1
            logger.warning("a status word never heard of, taken as unknown: %s", word or "(empty)")
            if len(self.words) == MOST_WORDS:
                logger.warning("further such words are not logged")


class EnovaFeed:
    """Reads NOBIL Real-time from a link."""

    def __init__(self, link: Link) -> None:
        self.unheard_of = UnheardOf()
        self._link = link

    @property
    def behind(self) -> int:
        """How far what is read lies behind what is sent, in ms."""
        return self._link.behind

    def retry(self) -> None:
        """Try now."""
        self._link.retry()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield what comes; a frame that cannot be read never ends it."""
        events = self._link.events()
        try:
            async for event in events:
                yield self._read(event) if isinstance(event, Frame) else event
        finally:
            await events.aclose()

    def _read(self, frame: Frame) -> Event:
        event = read(frame)
        if isinstance(event, ConnectorReport):
            self.unheard_of.note(event.connector.word)
        return event


def read(frame: Frame) -> ConnectorReport | Unreadable | Ignored:
    """Tell what one frame says. An empty one says nothing."""
    if not frame.data:
        return Ignored("", frame.at)
    try:
        report = enova.decode(frame.data)
    except NotReadableError as error:
        return Unreadable(str(error), frame.at)
    return ConnectorReport(report.station, report.key, report.connector, frame.at)


def enova_link(
    key: str,
    address: str = ADDRESS,
    *,
    clock: Clock | None = None,
    backoff: Backoff | None = None,
    tap: Tap | None = None,
) -> Link:
    """Make the link that asks ``address`` for a new URL before each handshake.

    Raises ``SourceError`` where ``address`` is not one of the web.
    """
    call = TokenCall(key, address, clock=clock)
    return Link(call.dial, clock=clock, backoff=backoff, tap=tap, expires=True)
