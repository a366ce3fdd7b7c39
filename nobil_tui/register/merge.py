"""Edit the stored register under a lock: replace whole countries, unless there are far too few
stations."""

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
"""Age in milliseconds after which the register is updated automatically."""
STORE_TIMEOUT = 10.0
"""Seconds to wait for another program that is storing a register."""

RegisterEdit = Callable[[CachedRegister], CachedRegister | None]
"""Returns the register to store in place of the stored one; None to keep it."""


class TooFewStationsError(Exception):
    """There are too few stations of a country for a complete response. The text holds no secret."""

    def __init__(self, country: str, found: int, stored: int) -> None:
        super().__init__(
            f"Got only {station_count(found)} of {origin_name(country)}, but {stored:,} are "
            "stored; nothing was changed."
        )


def station_count(stations: int) -> str:
    """Return ``1 station``, ``2,000 stations``."""
    return f"{stations:,} station{'' if stations == 1 else 's'}"


def licence_note(rights: str) -> str:
    """Return a note on the licence, to append to a message; empty if it is the register's own."""
    return f', under "{rights}"' if rights else ""


def load_or_empty(path: Path) -> CachedRegister:
    """Load the stored register, or an empty one if it is missing or damaged.

    Raises ``CacheError`` if the file cannot be read.
    """
    try:
        return load_register(path) or CachedRegister({}, {})
    except DamagedCacheError:
        return CachedRegister({}, {})


def load_if_writable(path: Path) -> CachedRegister:
    """Load the stored register, and check that the folder is writable before anything is
    downloaded.
    """
    from tempfile import TemporaryFile

    try:
        make_folders(path.parent)
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise CacheError(
            f"The register cannot be saved: {path}: {error.strerror or 'the system refuses'}."
        ) from None
    return load_or_empty(path)


def edit_stored(path: Path, edit: RegisterEdit) -> CachedRegister | None:
    """Store the register that ``edit`` returns, and return it too; None if ``edit`` returns None.

    Raises ``CacheError``, ``NotSavedError`` if another program holds the lock, and any exception of
    ``edit``.
    """
    with locked(path, STORE_TIMEOUT):
        changed = edit(load_or_empty(path))
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
    """Return ``old`` with the countries in ``fresh``, from ``origin``, in place of its own.

    ``merge`` keeps their other stations. Unless ``force``, raises ``TooFewStationsError`` if fewer
    than half of a country's stations would be left.
    """
    if not merge:
        if not force:
            _refuse_too_few(old, fresh)
        old = CachedRegister(
            {id_: facts for id_, facts in old.facts.items() if origin_of(id_, facts) not in fresh},
            old.origins,
        )
    facts = dict(old.facts)
    for stations in fresh.values():
        facts.update(stations)
    origins = dict(old.origins)
    for country in fresh:
        before = origins.get(country)
        if merge and before is not None:
            # The server's validators do not describe the merged stations.
            origins[country] = replace(
                before, etag="", last_modified="", rights=origin.rights or before.rights
            )
        else:
            origins[country] = origin
    counts = Counter(origin_of(id_, known) for id_, known in facts.items())
    return CachedRegister(
        facts,
        {country: replace(each, stations=counts[country]) for country, each in origins.items()},
    )


def mark_up_to_date(
    old: CachedRegister, country: str, seen: Origin, now: int
) -> CachedRegister | None:
    """Return ``old`` with ``country`` up to date at ``now`` (ms); None if its origin is no longer
    ``seen``.
    """
    if old.origins.get(country) != seen:
        return None
    return CachedRegister(old.facts, {**old.origins, country: replace(seen, fetched_at=now)})


def is_recent(at: int, now: int) -> bool:
    """Return whether ``at`` is less than a day before ``now``, both in ms.

    A time in the future comes from a wrong clock, and is not recent.
    """
    return 0 <= now - at < MAX_AGE


def is_due(path: Path, origins: Mapping[str, Origin], countries: Iterable[str], now: int) -> bool:
    """Return whether to update automatically: a country is a day old, and no server refused within
    a day.

    ``origins`` are those of the register at ``path``, empty without one; ``now`` is in ms.
    """
    if all(
        country in origins and is_recent(origins[country].fetched_at, now) for country in countries
    ):
        return False
    try:
        failed_at = _failure(path).stat().st_mtime_ns // 1_000_000
    except OSError:
        return True
    return not is_recent(failed_at, now)


def record_failure(path: Path, now: int) -> None:
    """Record that a server refused, so that it is not asked again automatically for a day."""
    note = _failure(path)
    # If this cannot be written, the register cannot either, and that is reported.
    with suppress(OSError):
        make_folders(note.parent)
        note.touch(mode=0o600)
        os.utime(note, ns=(now * 1_000_000, now * 1_000_000))


def read_dump_file(file: Path, most: int) -> bytes:
    """Read a file that the user named, of at most ``most`` bytes. Raises ``NotReadableError``."""
    try:
        status = file.stat()
        if not stat_bits.S_ISREG(status.st_mode):
            raise NotReadableError("it is not a regular file")
        if status.st_size > most:
            raise NotReadableError(f"it has more than {most >> 20} MB; a register is smaller")
        return file.read_bytes()
    except OSError as error:
        raise NotReadableError((error.strerror or "the system denied access").lower()) from None
    except ValueError:
        raise NotReadableError("it is not a valid file name") from None


def _failure(path: Path) -> Path:
    return path.with_name(path.name + ".failed")


def _refuse_too_few(old: CachedRegister, fresh: Mapping[str, dict[str, Facts]]) -> None:
    """Raise if a country would lose more than half of its stations."""
    counts = Counter(origin_of(id_, facts) for id_, facts in old.facts.items())
    for country, stations in fresh.items():
        if 2 * len(stations) < counts[country]:
            raise TooFewStationsError(country, len(stations), counts[country])
