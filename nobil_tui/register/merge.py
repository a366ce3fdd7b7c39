"""How the stored register changes: whole countries are replaced, under a lock, and not by too little of one."""

from __future__ import annotations

import os
import stat as stat_bits
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.files import locked, make_folders
from nobil_tui.charging.register import Facts
from nobil_tui.register.cache import (
    CachedRegister,
    CacheError,
    DamagedCacheError,
    Origin,
    load_register,
    origin_name,
    origin_of,
    save_register,
)

MAX_AGE = 24 * 3600 * 1000
"""Milliseconds after which the register is asked again by itself."""
LOCK_TIMEOUT = 10.0
"""Seconds that another program may take to store a register."""

StoredChange = Callable[[CachedRegister], CachedRegister | None]
"""Makes another register of the stored one; None to leave it."""


class TooFewStationsError(Exception):
    """There is too little of a country to be all of it. Its text is safe to show."""

    def __init__(self, country: str, found: int, stored: int) -> None:
        super().__init__(
            f"{station_count(found)} of {origin_name(country)} cannot be all of them where {stored:,} are stored: "
            "nothing was changed"
        )


def station_count(stations: int) -> str:
    """Say how many stations."""
    return f"{stations:,} station{'' if stations == 1 else 's'}"


def licence_note(rights: str) -> str:
    """Say, behind other words, under which licence stations are; nothing where it is the one of all the register."""
    return f", under “{rights}”" if rights else ""


def stored(path: Path) -> CachedRegister:
    """Load the register that a change begins with: an empty one where there is none that can be read.

    Raises ``CacheError`` where the system refuses it.
    """
    try:
        return load_register(path) or CachedRegister({}, {})
    except DamagedCacheError:
        return CachedRegister({}, {})


def ready(path: Path) -> CachedRegister:
    """Load the stored register as ``stored`` does, and make sure that another can be stored before much is fetched."""
    from tempfile import TemporaryFile

    try:
        make_folders(path.parent)
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise CacheError(f"No register can be stored: {path}: {error.strerror or 'the system refuses'}.") from None
    return stored(path)


def put(path: Path, change: StoredChange) -> CachedRegister | None:
    """Change the stored register and return what is stored then; None where ``change`` left it.

    Raises ``CacheError``, ``NotSavedError`` where another program holds it, and what ``change`` raises.
    """
    with locked(path, LOCK_TIMEOUT):
        changed = change(stored(path))
        if changed is not None:
            save_register(path, changed.facts, changed.origins)
        return changed


def merged(
    old: CachedRegister,
    fresh: Mapping[str, dict[str, Facts]],
    origin: Origin,
    *,
    merge: bool = False,
    force: bool = False,
) -> CachedRegister:
    """Put the stations of ``fresh`` countries, which come from ``origin``, in the place of theirs.

    ``merge``: beside theirs. Raises ``TooFewStationsError`` where there would be under half of a country,
    unless ``force``.
    """
    if not merge:
        if not force:
            _doubt(old, fresh)
        old = CachedRegister(
            {id_: facts for id_, facts in old.facts.items() if origin_of(id_, facts) not in fresh}, old.origins
        )
    facts = dict(old.facts)
    for stations in fresh.values():
        facts.update(stations)
    origins = dict(old.origins)
    for country in fresh:
        before = origins.get(country)
        if merge and before is not None:
            # What the server called its version is no longer what is there.
            origins[country] = replace(before, etag="", last_modified="", rights=origin.rights or before.rights)
        else:
            origins[country] = origin
    counts = Counter(origin_of(id_, known) for id_, known in facts.items())
    return CachedRegister(
        facts, {country: replace(each, stations=counts[country]) for country, each in origins.items()}
    )


def unchanged(old: CachedRegister, country: str, seen: Origin, now: int) -> CachedRegister | None:
    """Note that what was ``seen`` of a country is still so at ``now`` (ms); None where that is not there any more."""
    if old.origins.get(country) != seen:
        return None
    return CachedRegister(old.facts, {**old.origins, country: replace(seen, fetched_at=now)})


def is_recent(at: int, now: int) -> bool:
    """Whether ``at`` (ms) is within a day before ``now``. What lies ahead is not: a clock was wrong."""
    return 0 <= now - at < MAX_AGE


def is_due(path: Path, origins: Mapping[str, Origin], countries: Iterable[str], now: int) -> bool:
    """Whether to renew without being asked to: something is a day old, and no server has said no within a day.

    ``origins`` are those of the register at ``path``, none where there is none; ``now`` is in ms.
    """
    if all(country in origins and is_recent(origins[country].fetched_at, now) for country in countries):
        return False
    try:
        failed_at = _failure(path).stat().st_mtime_ns // 1_000_000
    except OSError:
        return True
    return not is_recent(failed_at, now)


def record_failure(path: Path, now: int) -> None:
    """Note that a server has said no: it is not asked again by itself for a day."""
    note = _failure(path)
    # Where nothing can be noted, nothing can be stored either, and that is told.
    with suppress(OSError):
        make_folders(note.parent)
        note.touch(mode=0o600)
        os.utime(note, ns=(now * 1_000_000, now * 1_000_000))


def read_dump_file(file: Path, most: int) -> bytes:
    """Read a file that the user names, of ``most`` bytes at the most. Raises ``NotReadableError``."""
    try:
        status = file.stat()
        if not stat_bits.S_ISREG(status.st_mode):
            raise NotReadableError("it is no ordinary file")
        if status.st_size > most:
            raise NotReadableError(f"it has more than {most >> 20} MB, which no register has")
        return file.read_bytes()
    except OSError as error:
        raise NotReadableError((error.strerror or "the system refuses it").lower()) from None
    except ValueError:
        raise NotReadableError("it is no file name") from None


def _failure(path: Path) -> Path:
    return path.with_name(path.name + ".failed")


def _doubt(old: CachedRegister, fresh: Mapping[str, dict[str, Facts]]) -> None:
    counts = Counter(origin_of(id_, facts) for id_, facts in old.facts.items())
    for country, stations in fresh.items():
        if 2 * len(stations) < counts[country]:
            raise TooFewStationsError(country, len(stations), counts[country])
