"""Renews the stored station register: fetches or imports a dump, reads it, and puts it in the place of the old one.

Whatever goes wrong, and whenever it is cancelled, what was stored stays. Countries are renewed one by one: what came of
one is kept, also where the next one fails.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from nobil_tui.base.clock import Clock
from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.files import NotSavedError
from nobil_tui.base.gzip_bounded import unzipped
from nobil_tui.base.redaction import Secret
from nobil_tui.base.tasks import in_thread
from nobil_tui.base.text import shown
from nobil_tui.charging.register import Facts, country_name, country_of
from nobil_tui.config.model import REGISTER_VARIABLE
from nobil_tui.feeds.source import SourceError
from nobil_tui.register.cache import Cached, CacheError, Origin
from nobil_tui.register.download import ADDRESS, LARGEST_ANSWER, DownloadError, Patience, RegisterCall, Version
from nobil_tui.register.merge import (
    Change,
    DoubtError,
    confirmed,
    content,
    counted,
    is_due,
    is_recent,
    note_failure,
    put,
    ready,
    replaced,
    under,
)
from nobil_tui.wire.register import ComplaintError, Dump, decode

__all__ = ["Outcome", "Phase", "Progress", "RenewalError", "ago", "import_file", "is_due", "update"]

HOW_TO_SET = f"Set {REGISTER_VARIABLE}, or api_key under [register] in the config."
NO_KEY = (
    f"There is no key for the station register. {HOW_TO_SET} It may be the same as your key for NOBIL Real-time, which "
    "is never sent there unless you set it there too."
)
"""What to tell a user who has none."""
MOST_PATH = 4096
"""Characters of a file's path that are shown."""


class Phase(StrEnum):
    """What is being done."""

    CONNECTING = "connecting"
    DOWNLOADING = "downloading"
    READING = "reading"
    STORING = "storing"


class Progress(NamedTuple):
    """How far a renewal is."""

    phase: Phase
    country: str = ""
    """Whose stations, in NOBIL's three letters; empty for a file."""
    done_bytes: int = 0
    """Downloaded so far."""
    total_bytes: int | None = None
    """Of how many; None where the server does not say."""

    @property
    def words(self) -> str:
        """``Norway: downloading 12.3 of 45.6 MB``."""
        words = f"{country_name(self.country)}: {self.phase}" if self.country else str(self.phase)
        if self.phase is not Phase.DOWNLOADING:
            return words
        total = "" if self.total_bytes is None else f" of {self.total_bytes / 1e6:.1f}"
        return f"{words} {self.done_bytes / 1e6:.1f}{total} MB"


Tell = Callable[[Progress], None]
"""Is told in the loop's thread, about ten times a second while bytes come."""


class Outcome(NamedTuple):
    """What a renewal did."""

    words: str
    """A sentence for each country."""
    problems: Counter[str]
    """What could not be read of the stations, in words, and how often."""
    cached: Cached | None = None
    """What is stored now; None where that is what was stored before."""
    recent: bool = False
    """Whether something was left as it is because it is not a day old: ``force`` fetches it all the same."""


class RenewalError(Exception):
    """The register, or a country of it, was not renewed. Its text says why, and is safe to show."""

    def __init__(
        self, text: str, *, refused: bool = False, doubtful: bool = False, cached: Cached | None = None
    ) -> None:
        super().__init__(text)
        self.refused = refused
        """Whether it is the key that is not taken."""
        self.doubtful = doubtful
        """Whether what came was too little to be believed: ``force`` stores it all the same."""
        self.cached = cached
        """What is stored now, where another country was renewed."""


def ago(at: int, now: int) -> str:
    """Say how long before ``now`` something was; both in ms."""
    minutes = max(0, now - at) // 60_000
    if minutes < 60:
        return f"{minutes} min ago" if minutes else "just now"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} d ago"


async def update(
    path: Path,
    countries: Iterable[str],
    key: Secret,
    address: str = "",
    *,
    tell: Tell = lambda _: None,
    force: bool = False,
    clock: Clock | None = None,
    patience: Patience | None = None,
) -> Outcome:
    """Fetch the stations of ``countries`` and store them at ``path``; those of others stay as they were.

    ``address``: empty for the usual one. ``force``: also what is not a day old, and what is too little to be believed.
    Raises ``RenewalError``.
    """
    clock = clock or Clock()
    try:
        call = RegisterCall(key, address or ADDRESS, clock=clock, patience=patience)
        origins = await in_thread(lambda: ready(path).origins)
    except (SourceError, CacheError) as error:
        raise RenewalError(str(error)) from None
    update = _Update(path, call, origins, tell, force, clock)
    for country in dict.fromkeys(countries):
        if not await update.renew(country):
            break
    return update.outcome()


async def import_file(
    path: Path,
    file: Path,
    *,
    merge: bool = False,
    tell: Tell = lambda _: None,
    force: bool = False,
    clock: Clock | None = None,
) -> Outcome:
    """Store the stations of a dump that the user has, at ``path``, in place of all of their countries.

    ``merge``: beside those that are there. ``force``: also what is too little to be believed. Raises ``RenewalError``.
    """
    name, where = shown(file.name), shown(str(file), MOST_PATH)
    at = (clock or Clock()).now()
    try:
        tell(Progress(Phase.READING))
        dump = await in_thread(lambda: decode(unzipped(content(file, LARGEST_ANSWER), LARGEST_ANSWER)))
        if not dump.facts:
            raise NotReadableError(f"it has no station{_unread(dump)}")
        fresh: dict[str, dict[str, Facts]] = {}
        for station, facts in dump.facts.items():
            fresh.setdefault(country_of(station, facts), {})[station] = facts
        tell(Progress(Phase.STORING))
        origin = Origin(at, name, rights=dump.other_rights)
        cached = await _put(path, lambda old: replaced(old, fresh, origin, merge=merge, force=force))
    except ComplaintError as error:
        raise RenewalError(f"{where} is not imported: all that it says is “{shown(str(error))}”.") from None
    except (NotReadableError, DoubtError) as error:
        raise RenewalError(f"{where} is not imported: {error}.", doubtful=isinstance(error, DoubtError)) from None
    except (CacheError, NotSavedError) as error:
        raise RenewalError(str(error)) from None
    found = ", ".join(f"{country_name(country)} {len(fresh[country]):,}" for country in sorted(fresh))
    return Outcome(f"Stations of {name}{under(dump.other_rights)}: {found}{_unread(dump)}.", dump.problems, cached)


class _Update:
    """One update, country by country."""

    def __init__(
        self, path: Path, call: RegisterCall, origins: Mapping[str, Origin], tell: Tell, force: bool, clock: Clock
    ) -> None:
        self._path = path
        self._call = call
        self._origins = origins
        self._tell = tell
        self._force = force
        self._clock = clock
        self._words: list[str] = []
        self._problems: Counter[str] = Counter()
        self._cached: Cached | None = None
        self._recent = self._failed = self._refused = self._doubtful = False

    async def renew(self, country: str) -> bool:
        """Renew a country; tells whether it makes sense to go on with another."""
        go_on = answered = True
        try:
            await self._renew(country)
            return True
        except DownloadError as error:
            self._fail(f"{country_name(country)}: {error}." + (f" {HOW_TO_SET}" if error.refused else ""))
            self._refused |= error.refused
            answered = error.answered
            go_on = answered and not error.refused
        except DoubtError as error:
            self._fail(f"{error}.")
            self._doubtful = True
        except (CacheError, NotSavedError) as error:
            self._fail(str(error))
            go_on = False
        if answered:
            await in_thread(lambda: note_failure(self._path, self._clock.now()))
        return go_on

    def outcome(self) -> Outcome:
        """Tell the whole. Raises ``RenewalError`` where something failed."""
        words = " ".join(self._words)
        if self._failed:
            raise RenewalError(words, refused=self._refused, doubtful=self._doubtful, cached=self._cached)
        return Outcome(words, self._problems, self._cached, self._recent)

    async def _renew(self, country: str) -> None:
        seen, known = self._origins.get(country), Version()
        if seen is not None and seen.source == self._call.host and not self._force:
            if is_recent(seen.fetched_at, self._clock.now()):
                self._recent = True
                self._say(country, f"{counted(seen.stations)}, fetched {ago(seen.fetched_at, self._clock.now())}")
                return
            known = Version(seen.etag, seen.last_modified)
        self._tell(Progress(Phase.CONNECTING, country))
        answer = await self._call.fetch(
            country, known, lambda done, total: self._tell(Progress(Phase.DOWNLOADING, country, done, total))
        )
        if answer is not None:
            await self._take(country, answer.body, answer.version)
        elif seen is not None:
            await self._store(country, lambda old: confirmed(old, country, seen, self._clock.now()))
            self._say(country, f"{counted(seen.stations)}, unchanged")

    async def _take(self, country: str, body: bytearray, version: Version) -> None:
        """Read an answer, and store what it holds."""
        host = self._call.host
        self._tell(Progress(Phase.READING, country))
        try:
            dump = await in_thread(lambda: decode(unzipped(body, LARGEST_ANSWER)))
        except ComplaintError as error:
            raise DownloadError(f"{host} says: {self._call.safe(str(error))}", refused=error.about_key) from None
        except NotReadableError as error:
            raise DownloadError(f"{host} gave an answer that cannot be used: {error}") from None
        facts = {station: known for station, known in dump.facts.items() if country_of(station, known) == country}
        if not facts:
            raise DownloadError(f"{host} answered without any station of it{_unread(dump)}")
        origin = Origin(self._clock.now(), host, len(facts), *version, dump.other_rights)
        await self._store(country, lambda old: replaced(old, {country: facts}, origin, force=self._force))
        self._problems += dump.problems
        if len(facts) < len(dump.facts):
            self._problems["stations of other countries: left out"] += len(dump.facts) - len(facts)
        self._say(country, f"{counted(len(facts))} from {host}{under(dump.other_rights)}{_unread(dump)}")

    async def _store(self, country: str, change: Change) -> None:
        self._tell(Progress(Phase.STORING, country))
        self._cached = await _put(self._path, change) or self._cached

    def _say(self, country: str, words: str) -> None:
        self._words.append(f"{country_name(country)}: {words}.")

    def _fail(self, words: str) -> None:
        self._failed = True
        self._words.append(words)


async def _put(path: Path, change: Change) -> Cached | None:
    """Change the stored register in a thread; cancelled before it writes, it does not."""
    cancelled = threading.Event()
    try:
        return await in_thread(lambda: put(path, lambda old: None if cancelled.is_set() else change(old)))
    except asyncio.CancelledError:
        cancelled.set()
        raise


def _unread(dump: Dump) -> str:
    return f" ({dump.unreadable:,} more cannot be read)" if dump.unreadable else ""
