"""Status words that the protocol does not have: counted, so that a user sees that a stream has learned new ones."""

from __future__ import annotations

import logging

from msgspec import Struct

from nobil_tui.charging.conditions import is_documented
from nobil_tui.charging.station import Connector, WordConnector

MOST_WORDS = 100
"""Words that are counted each; a stream that makes up more is broken."""
MOST_NAMED = 3
"""Words that are named in a text; the first ones."""

logger = logging.getLogger(__name__)


class UnknownWords(Struct):
    """Counts the reports whose status word nobody has documented, and logs each word once."""

    reports: int = 0
    """How many reports had such a word."""
    words: dict[str, int] = {}
    """How many had which, for the first ``MOST_WORDS`` words; safe to show."""

    @property
    def text(self) -> str:
        """``3 reports with unknown words: SINGING, DANCING``; empty where there are none."""
        if not self.reports:
            return ""
        named = [word or "(empty)" for word in self.words][:MOST_NAMED]
        more = ", and more" if len(self.words) > MOST_NAMED else ""
        reports = f"{self.reports:,} report{'' if self.reports == 1 else 's'}"
        return f"{reports} with unknown words: {', '.join(named)}{more}"

    def note(self, connector: Connector) -> None:
        """Look at what a report says of a connector."""
        if type(connector) is not WordConnector or is_documented(connector.said):
            return
        word = connector.said
        self.reports += 1
        if word in self.words:
            self.words[word] += 1
        elif len(self.words) < MOST_WORDS:
            self.words[word] = 1
            logger.warning("a status word never heard of, taken as unknown: %s", word or "(empty)")
            if len(self.words) == MOST_WORDS:
                logger.warning("further such words are not logged")
