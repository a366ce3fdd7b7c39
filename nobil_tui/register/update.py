"""Update the stored station register from a download or a dump file.

After any failure or cancellation, the stored register is intact. Countries are updated one by one:
a failure of one keeps those already updated.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
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
from nobil_tui.register.download import (
    MAX_DUMP,
    REGISTER_ADDRESS,
    DownloadError,
    DownloadTimeouts,
    RegisterClient,
    Validators,
)
from nobil_tui.register.merge import (
    RegisterEdit,
    TooFewStationsError,
    edit_stored,
    is_recent,
    licence_note,
    load_if_writable,
    mark_up_to_date,
    merged,
    read_dump_file,
    record_failure,
    station_count,
)
from nobil_tui.register.progress import OnProgress, UpdateError, UpdatePhase, UpdateProgress
from nobil_tui.wire.register import ComplaintError, Dump, decode_register

HOW_TO_SET = f"Set {REGISTER_KEY_VARIABLE}, or api_key under [register] in the config."
NO_KEY = (
    f"There is no key for the station register. {HOW_TO_SET} It may be the same as your key "
    "for NOBIL Real-time, which is never sent there unless you set it there too."
)
"""For a user without a key."""
MAX_SHOWN_PATH = 4096
"""Maximum length of a file's path in messages, in characters."""


class UpdateOutcome(NamedTuple):
    """Result of an update."""

    words: str
    """One sentence for each country."""
    problems: Counter[str]
    """Descriptions of the fields that could not be read, with their counts."""
    cached: CachedRegister | None = None
    """The register that is stored now; None if nothing changed."""
    recent: bool = False
    """Whether a country was skipped because it is less than a day old. ``force`` updates it anyway.
    """


def ago(at: int, now: int) -> str:
    """Return the time from ``at`` to ``now`` (both in ms) as text: ``just now``, ``5 min ago``."""
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
    on_progress: OnProgress = lambda _: None,
    force: bool = False,
    clock: Clock | None = None,
    timeouts: DownloadTimeouts | None = None,
) -> UpdateOutcome:
    """Download the stations of ``countries`` and store them at ``path``. Other countries are kept.

    An empty ``address`` is the default one. ``force`` also updates countries that are less than a
    day old, and stores them even if there are too few stations. Raises ``UpdateError``.
    """
    clock = clock or Clock()
    try:
        call = RegisterClient(key, address or REGISTER_ADDRESS, clock=clock, timeouts=timeouts)
        origins = await run_in_thread(lambda: load_if_writable(path).origins)
    except (SourceError, CacheError) as error:
        raise UpdateError(str(error)) from None
    update = _Update(path, call, origins, on_progress, force, clock)
    for country in dict.fromkeys(countries):
        if not await update.renew(country):
            break
    return update.outcome()


async def import_register(
    path: Path,
    file: Path,
    *,
    merge: bool = False,
    on_progress: OnProgress = lambda _: None,
    force: bool = False,
    clock: Clock | None = None,
) -> UpdateOutcome:
    """Store the stations of a dump file at ``path``, in place of all stations of their countries.

    ``merge`` keeps the other stations. ``force`` stores them even if there are too few. Raises
    ``UpdateError``.
    """
    name, where = safe_text(file.name), safe_text(str(file), MAX_SHOWN_PATH)
    at = (clock or Clock()).now()
    try:
        on_progress(UpdateProgress(UpdatePhase.READING))
        dump = await run_in_thread(
            lambda: decode_register(gunzip(read_dump_file(file, MAX_DUMP), MAX_DUMP))
        )
        if not dump.facts:
            raise NotReadableError(f"it has no stations{_unread(dump)}")
        fresh: dict[str, dict[str, Facts]] = {}
        for station, facts in dump.facts.items():
            fresh.setdefault(country_of(station, facts), {})[station] = facts
        on_progress(UpdateProgress(UpdatePhase.STORING))
        origin = Origin(at, name, rights=dump.other_rights)
        cached = await _edit_stored(
            path, lambda old: merged(old, fresh, origin, merge=merge, force=force)
        )
    except ComplaintError as error:
        raise UpdateError(
            f"{where} was not imported: it contains an error message instead of stations: "
            f"{safe_text(str(error))}"
        ) from None
    except NotReadableError as error:
        raise UpdateError(f"{where} was not imported: {error}.") from None
    except TooFewStationsError as error:
        raise UpdateError(f"{where} was not imported. {error}", too_few=True) from None
    except (CacheError, NotSavedError) as error:
        raise UpdateError(str(error)) from None
    counts = {country: len(stations) for country, stations in fresh.items()}
    return UpdateOutcome(_imported_words(dump, counts, name), dump.problems, cached)


def _imported_words(dump: Dump, counts: Mapping[str, int], name: str) -> str:
    """Return a sentence about the import from the file ``name``: its stations and countries."""
    total, countries = sum(counts.values()), sorted(counts)
    stations = f"{total:,} station{'' if total == 1 else 's'}"
    inside = f" in {country_name(countries[0])}" if len(countries) == 1 else ""
    by_country = (f"{country_name(country)} {counts[country]:,}" for country in countries)
    found = f": {', '.join(by_country)}" if len(countries) > 1 else ""
    licence = licence_note(dump.other_rights)
    return f"Imported {stations}{inside} from {name}{licence}{found}{_unread(dump)}."


class _Update:
    """Update country by country."""

    def __init__(
        self,
        path: Path,
        call: RegisterClient,
        origins: Mapping[str, Origin],
        on_progress: OnProgress,
        force: bool,
        clock: Clock,
    ) -> None:
        self._path = path
        self._call = call
        self._origins = origins
        self._on_progress = on_progress
        self._force = force
        self._clock = clock
        self._words: list[str] = []
        self._problems: Counter[str] = Counter()
        self._cached: CachedRegister | None = None
        self._recent = self._failed = self._refused = self._too_few = False

    async def renew(self, country: str) -> bool:
        """Update a country; return whether to continue with the next one."""
        continues = answered = True
        try:
            await self._renew(country)
            return True
        except DownloadError as error:
            self._fail(
                f"{country_name(country)}: {error}." + (f" {HOW_TO_SET}" if error.refused else "")
            )
            self._refused |= error.refused
            answered = error.answered
            continues = answered and not error.refused
        except TooFewStationsError as error:
            self._fail(str(error))
            self._too_few = True
        except (CacheError, NotSavedError) as error:
            self._fail(str(error))
            continues = False
        if answered:
            await run_in_thread(lambda: record_failure(self._path, self._clock.now()))
        return continues

    def outcome(self) -> UpdateOutcome:
        """Return the outcome. Raises ``UpdateError`` if a country failed."""
        words = " ".join(self._words)
        if self._failed:
            raise UpdateError(
                words, refused=self._refused, too_few=self._too_few, cached=self._cached
            )
        return UpdateOutcome(words, self._problems, self._cached, self._recent)

    async def _renew(self, country: str) -> None:
        seen, known = self._origins.get(country), Validators()
        if seen is not None and seen.source == self._call.host and not self._force:
            if is_recent(seen.fetched_at, self._clock.now()):
                self._recent = True
                self._say(
                    country,
                    f"{station_count(seen.stations)}, fetched "
                    f"{ago(seen.fetched_at, self._clock.now())}",
                )
                return
            known = Validators(seen.etag, seen.last_modified)
        self._on_progress(UpdateProgress(UpdatePhase.CONNECTING, country))
        response = await self._call.download(
            country,
            known,
            lambda done, total: self._on_progress(
                UpdateProgress(UpdatePhase.DOWNLOADING, country, done, total)
            ),
        )
        if response is not None:
            await self._take(country, response.body, response.version)
        elif seen is not None:
            await self._store(
                country, lambda old: mark_up_to_date(old, country, seen, self._clock.now())
            )
            self._say(country, f"{station_count(seen.stations)}, unchanged")

    async def _take(self, country: str, body: bytearray, version: Validators) -> None:
        """Decode a response and store its stations."""
        host = self._call.host
        self._on_progress(UpdateProgress(UpdatePhase.READING, country))
        try:
            dump = await run_in_thread(lambda: decode_register(gunzip(body, MAX_DUMP)))
        except ComplaintError as error:
            raise DownloadError(
                f"{host} says: {self._call.safe(str(error))}", refused=error.about_key
            ) from None
        except NotReadableError as error:
            raise DownloadError(f"{host} sent an invalid response: {error}") from None
        facts = {
            station: known
            for station, known in dump.facts.items()
            if country_of(station, known) == country
        }
        if not facts:
            raise DownloadError(f"{host} sent no stations{_unread(dump)}")
        origin = Origin(self._clock.now(), host, len(facts), *version, dump.other_rights)
        await self._store(
            country, lambda old: merged(old, {country: facts}, origin, force=self._force)
        )
        self._problems += dump.problems
        if len(facts) < len(dump.facts):
            self._problems["stations of other countries: left out"] += len(dump.facts) - len(facts)
        self._say(
            country,
            f"{station_count(len(facts))} from "
            f"{host}{licence_note(dump.other_rights)}{_unread(dump)}",
        )

    async def _store(self, country: str, edit: RegisterEdit) -> None:
        self._on_progress(UpdateProgress(UpdatePhase.STORING, country))
        self._cached = await _edit_stored(self._path, edit) or self._cached

    def _say(self, country: str, words: str) -> None:
        self._words.append(f"{country_name(country)}: {words}.")

    def _fail(self, words: str) -> None:
        self._failed = True
        self._words.append(words)


async def _edit_stored(path: Path, edit: RegisterEdit) -> CachedRegister | None:
    """Edit the stored register in a thread. If cancelled before it is written, it is not
    written."""
    cancelled = threading.Event()
    try:
        return await run_in_thread(
            lambda: edit_stored(path, lambda old: None if cancelled.is_set() else edit(old))
        )
    except asyncio.CancelledError:
        cancelled.set()
        raise


def _unread(dump: Dump) -> str:
    return f" ({dump.unreadable:,} more cannot be read)" if dump.unreadable else ""
