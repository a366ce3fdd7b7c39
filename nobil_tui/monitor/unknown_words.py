"""Count undocumented status words, so that the user sees when a stream uses new ones."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from msgspec import Struct

from nobil_tui.charging.conditions import is_documented
from nobil_tui.charging.station import Connector, Station, WordConnector

MAX_WORDS = 100
"""Words that are counted individually; a stream with more is broken."""
MAX_NAMED = 3
"""Words named in ``text``: the first ones."""

logger = logging.getLogger(__name__)


class UnknownWords(Struct):
    """Count the reports with an undocumented status word, and log each word once."""

    reports: int = 0
    """How many reports had an undocumented word."""
    words: dict[str, int] = {}
    """How many reports had each of the first ``MAX_WORDS`` words; safe to show."""

    @property
    def text(self) -> str:
        """``3 reports with unknown words: SINGING, DANCING``; empty without reports."""
        if not self.reports:
            return ""
        named = [word or "(empty)" for word in self.words][:MAX_NAMED]
        more = ", and more" if len(self.words) > MAX_NAMED else ""
        reports = f"{self.reports:,} report{'' if self.reports == 1 else 's'}"
        return f"{reports} with unknown words: {', '.join(named)}{more}"

    def note_all(self, stations: Iterable[Station]) -> None:
        """Count the words of a snapshot's connectors."""
        reported = [
            connector
            for station in stations
            for connector in station.connectors
            if type(connector) is WordConnector
        ]
        # A whole country, with a few different words.
        unknown = {word for word in {each.word for each in reported} if not is_documented(word)}
        if unknown:
            for connector in reported:
                if connector.word in unknown:
                    self.note(connector)

    def note(self, connector: Connector) -> None:
        """Count the word of a reported connector if it is undocumented."""
        if type(connector) is not WordConnector or is_documented(connector.word):
            return
        word = connector.word
        self.reports += 1
        if word in self.words:
            self.words[word] += 1
        elif len(self.words) < MAX_WORDS:
            self.words[word] = 1
            logger.warning("undocumented status word, shown as unknown: %s", word or "(empty)")
            if len(self.words) == MAX_WORDS:
                logger.warning("further undocumented status words are not logged")
