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
from nobil_tui.base.decoding import NotReadableError, gunzip
from nobil_tui.base.files import NotSavedError
from nobil_tui.base.redaction import Secret
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.base.text import safe_text
from nobil_tui.charging.register import Facts, country_name, country_of
from nobil_tui.feeds.source import SourceError
from nobil_tui.register.api_key import REGISTER_KEY_VARIABLE
from nobil_tui.register.cache import CachedRegister, CacheError, Origin
from nobil_tui.register.download import MAX_DUMP, REGISTER_ADDRESS, DownloadError, RegisterClient, Timeouts, Validators
from nobil_tui.register.merge import (
    StoredChange,
    TooFewStationsError,
    is_due,
    is_recent,
    licence_note,
    merged,
    put,
    read_dump_file,
    ready,
    record_failure,
    station_count,
    unchanged,
)
from nobil_tui.wire.register import ComplaintError, Dump, decode_register

__all__ = [
    "UpdateError",
    "UpdateOutcome",
    "UpdatePhase",
    "UpdateProgress",
    "ago",
    "import_register",
    "is_due",
    "update_register",
]

HOW_TO_SET = f"Set {REGISTER_KEY_VARIABLE}, or api_key under [register] in the config."
NO_KEY = (
    f"There is no key for the station register. {HOW_TO_SET} It may be the same as your key for NOBIL Real-time, which "
    "is never sent there unless you set it there too."
)
"""What to tell a user who has none."""
MAX_SHOWN_PATH = 4096
"""Characters of a file's path that are shown."""


class UpdatePhase(StrEnum):
    """What is being done."""

    CONNECTING = "connecting"
    DOWNLOADING = "downloading"
    READING = "reading"
    STORING = "storing"


class UpdateProgress(NamedTuple):
    """How far a renewal is."""

    phase: UpdatePhase
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
        if self.phase is not UpdatePhase.DOWNLOADING:
            return words
        total = "" if self.total_bytes is None else f" of {self.total_bytes / 1e6:.1f}"
        return f"{words} {self.done_bytes / 1e6:.1f}{total} MB"


OnProgress = Callable[[UpdateProgress], None]
"""Is told in the loop's thread, about ten times a second while bytes come."""


class UpdateOutcome(NamedTuple):
    """What a renewal did."""

    words: str
    """A sentence for each country."""
    problems: Counter[str]
    """What could not be read of the stations, in words, and how often."""
    cached: CachedRegister | None = None
    """What is stored now; None where that is what was stored before."""
    recent: bool = False
    """Whether something was left as it is because it is not a day old: ``force`` fetches it all the same."""


class UpdateError(Exception):
    """The register, or a country of it, was not renewed. Its text says why, and is safe to show."""

    def __init__(
        self, text: str, *, refused: bool = False, too_few: bool = False, cached: CachedRegister | None = None
    ) -> None:
        super().__init__(text)
        self.refused = refused
        """Whether it is the key that is not taken."""
        self.too_few = too_few
        """Whether what came was too little to be believed: ``force`` stores it all the same."""
        self.cached = cached
        """What is stored now, where another country was renewed."""


def ago(at: int, now: int) -> str:
    """Say how long before ``now`` something was; both in ms."""
    minutes = max(0, now - at) // 60_000
    if minutes < 60:
        return f"{minutes} min ago" if minutes else "just now"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} d ago"


async def update_register(
    path: Path,
    countries: Iterable[str],
    key: Secret,
    address: str = "",
    *,
    tell: OnProgress = lambda _: None,
    force: bool = False,
    clock: Clock | None = None,
    timeouts: Timeouts | None = None,
) -> UpdateOutcome:
    """Fetch the stations of ``countries`` and store them at ``path``; those of others stay as they were.

    ``address``: empty for the usual one. ``force``: also what is not a day old, and what is too little to be believed.
    Raises ``UpdateError``.
    """
    clock = clock or Clock()
    try:
        call = RegisterClient(key, address or REGISTER_ADDRESS, clock=clock, timeouts=timeouts)
        origins = await run_in_thread(lambda: ready(path).origins)
    except (SourceError, CacheError) as error:
        raise UpdateError(str(error)) from None
    update = _Update(path, call, origins, tell, force, clock)
    for country in dict.fromkeys(countries):
        if not await update.renew(country):
            break
    return update.outcome()


async def import_register(
    path: Path,
    file: Path,
    *,
    merge: bool = False,
    tell: OnProgress = lambda _: None,
    force: bool = False,
    clock: Clock | None = None,
) -> UpdateOutcome:
    """Store the stations of a dump that the user has, at ``path``, in place of all of their countries.

    ``merge``: beside those that are there. ``force``: also what is too little to be believed. Raises ``UpdateError``.
    """
    name, where = safe_text(file.name), safe_text(str(file), MAX_SHOWN_PATH)
    at = (clock or Clock()).now()
    try:
        tell(UpdateProgress(UpdatePhase.READING))
        dump = await run_in_thread(lambda: decode_register(gunzip(read_dump_file(file, MAX_DUMP), MAX_DUMP)))
        if not dump.facts:
            raise NotReadableError(f"it has no station{_unread(dump)}")
        fresh: dict[str, dict[str, Facts]] = {}
        for station, facts in dump.facts.items():
            fresh.setdefault(country_of(station, facts), {})[station] = facts
        tell(UpdateProgress(UpdatePhase.STORING))
        origin = Origin(at, name, rights=dump.other_rights)
        cached = await _put(path, lambda old: merged(old, fresh, origin, merge=merge, force=force))
    except ComplaintError as error:
        raise UpdateError(f"{where} is not imported: all that it says is “{safe_text(str(error))}”.") from None
    except (NotReadableError, TooFewStationsError) as error:
        raise UpdateError(
            f"{where} is not imported: {error}.", too_few=isinstance(error, TooFewStationsError)
        ) from None
    except (CacheError, NotSavedError) as error:
        raise UpdateError(str(error)) from None
    found = ", ".join(f"{country_name(country)} {len(fresh[country]):,}" for country in sorted(fresh))
    return UpdateOutcome(
        f"Stations of {name}{licence_note(dump.other_rights)}: {found}{_unread(dump)}.", dump.problems, cached
    )


class _Update:
    """One update, country by country."""

    def __init__(
        self,
        path: Path,
        call: RegisterClient,
        origins: Mapping[str, Origin],
        tell: OnProgress,
        force: bool,
        clock: Clock,
    ) -> None:
        self._path = path
        self._call = call
        self._origins = origins
        self._tell = tell
        self._force = force
        self._clock = clock
        self._words: list[str] = []
        self._problems: Counter[str] = Counter()
        self._cached: CachedRegister | None = None
        self._recent = self._failed = self._refused = self._too_few = False

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
        except TooFewStationsError as error:
            self._fail(f"{error}.")
            self._too_few = True
        except (CacheError, NotSavedError) as error:
            self._fail(str(error))
            go_on = False
        if answered:
            await run_in_thread(lambda: record_failure(self._path, self._clock.now()))
        return go_on

    def outcome(self) -> UpdateOutcome:
        """Tell the whole. Raises ``UpdateError`` where something failed."""
        words = " ".join(self._words)
        if self._failed:
            raise UpdateError(words, refused=self._refused, too_few=self._too_few, cached=self._cached)
        return UpdateOutcome(words, self._problems, self._cached, self._recent)

    async def _renew(self, country: str) -> None:
        seen, known = self._origins.get(country), Validators()
        if seen is not None and seen.source == self._call.host and not self._force:
            if is_recent(seen.fetched_at, self._clock.now()):
                self._recent = True
                self._say(country, f"{station_count(seen.stations)}, fetched {ago(seen.fetched_at, self._clock.now())}")
                return
            known = Validators(seen.etag, seen.last_modified)
        self._tell(UpdateProgress(UpdatePhase.CONNECTING, country))
        answer = await self._call.download(
            country,
            known,
            lambda done, total: self._tell(UpdateProgress(UpdatePhase.DOWNLOADING, country, done, total)),
        )
        if answer is not None:
            await self._take(country, answer.body, answer.version)
        elif seen is not None:
            await self._store(country, lambda old: unchanged(old, country, seen, self._clock.now()))
            self._say(country, f"{station_count(seen.stations)}, unchanged")

    async def _take(self, country: str, body: bytearray, version: Validators) -> None:
        """Read an answer, and store what it holds."""
        host = self._call.host
        self._tell(UpdateProgress(UpdatePhase.READING, country))
        try:
            dump = await run_in_thread(lambda: decode_register(gunzip(body, MAX_DUMP)))
        except ComplaintError as error:
            raise DownloadError(f"{host} says: {self._call.safe(str(error))}", refused=error.about_key) from None
        except NotReadableError as error:
            raise DownloadError(f"{host} gave an answer that cannot be used: {error}") from None
        facts = {station: known for station, known in dump.facts.items() if country_of(station, known) == country}
        if not facts:
            raise DownloadError(f"{host} answered without any station of it{_unread(dump)}")
        origin = Origin(self._clock.now(), host, len(facts), *version, dump.other_rights)
        await self._store(country, lambda old: merged(old, {country: facts}, origin, force=self._force))
        self._problems += dump.problems
        if len(facts) < len(dump.facts):
            self._problems["stations of other countries: left out"] += len(dump.facts) - len(facts)
        self._say(country, f"{station_count(len(facts))} from {host}{licence_note(dump.other_rights)}{_unread(dump)}")

    async def _store(self, country: str, change: StoredChange) -> None:
        self._tell(UpdateProgress(UpdatePhase.STORING, country))
        self._cached = await _put(self._path, change) or self._cached

    def _say(self, country: str, words: str) -> None:
        self._words.append(f"{country_name(country)}: {words}.")

    def _fail(self, words: str) -> None:
        self._failed = True
        self._words.append(words)


async def _put(path: Path, change: StoredChange) -> CachedRegister | None:
    """Change the stored register in a thread; cancelled before it writes, it does not."""
    cancelled = threading.Event()
    try:
        return await run_in_thread(lambda: put(path, lambda old: None if cancelled.is_set() else change(old)))
    except asyncio.CancelledError:
        cancelled.set()
        raise


def _unread(dump: Dump) -> str:
    return f" ({dump.unreadable:,} more cannot be read)" if dump.unreadable else ""
