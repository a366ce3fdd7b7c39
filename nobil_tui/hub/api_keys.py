"""The API keys of consumers: a file of hashes that can change while a hub runs.

A key is random and long, so a plain hash cannot be reversed by guessing; no slow hash is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta, Struct

from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.base.files import (
    Stamp,
    create_file,
    locked,
    make_folders,
    read_regular,
    replace_file,
    stamp,
    translating_errors,
)
from nobil_tui.base.text import did_you_mean, quoted, safe_path

MAX_KEY_NAME = 64
LOCK_SECONDS = 5.0
MAX_FILE_BYTES = 1 << 20
MISSING_SECONDS = 5.0
"""Seconds for which the keys of a missing file stay valid: some editors and sync programs delete it
before they write it again."""


class KeyFileError(Exception):
    """The key file cannot be read, or a name is taken or unknown. The message is safe to show."""


class InvalidKeyNameError(KeyFileError):
    """No key can have this name."""


class KeyEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A key of the file, which holds its hash only."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_KEY_NAME)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    created: str
    """The day on which it was added."""


class _File(Struct, forbid_unknown_fields=True):
    keys: list[KeyEntry] = []


class ConsumerKeys(Protocol):
    """The API keys that a hub accepts."""

    @property
    def shown(self) -> str:
        """The key to show with the address: a secret. Empty for none."""
        ...

    def owner(self, given: str) -> str | None:
        """Return the name of a key; None if it is not valid."""
        ...

    def has(self, name: str) -> bool:
        """Return whether a key with this name still exists."""
        ...


class OneKey:
    """A single key, such as that of the demo or of an environment variable.

    ``shown``: whether it is shown with the address.
    """

    def __init__(self, key: str, name: str = "key", *, shown: bool = True) -> None:
        if not key:
            raise ValueError("a hub needs a key")
        self.shown = key if shown else ""
        """The key to show with the address: a secret. Empty for none."""
        self._digest = _digest(key)
        self._name = name

    def owner(self, given: str) -> str | None:
        """Return the name of a key; None if it is not valid. Takes constant time."""
        return self._name if hmac.compare_digest(_digest(given), self._digest) else None

    def has(self, name: str) -> bool:
        """Return whether a key with this name still exists."""
        return name == self._name


class KeyFile:
    """A file of keys.

    A running hub reads it again when it changes. ``warn`` gets a sentence if it then cannot be
    read, or has no keys left.
    """

    shown = ""
    """Only the owners have the keys themselves."""

    def __init__(self, path: Path, warn: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self._warn = warn
        self._stamp: Stamp | None = None
        self._entries: tuple[KeyEntry, ...] = ()
        self._missing_since: float | None = None
        """When the file was first found missing, in seconds of the monotonic clock."""

    def read(self) -> tuple[KeyEntry, ...]:
        """Read the file; return its keys, none if it is missing. Raise ``KeyFileError``."""
        self._stamp = stamp(self.path)
        self._entries = _read(self.path)
        return self._entries

    @property
    def is_used(self) -> bool:
        """Whether the file has keys."""
        self._refresh()
        return bool(self._entries)

    def owner(self, given: str) -> str | None:
        """Return the name of a key; None if it is not valid.

        Takes the same time for every invalid key.
        """
        self._refresh()
        digest, found = _digest(given), None
        for entry in self._entries:
            if hmac.compare_digest(digest, entry.sha256):
                found = entry.name
        return found

    def has(self, name: str) -> bool:
        """Return whether a key with this name still exists."""
        self._refresh()
        return any(entry.name == name for entry in self._entries)

    def add(self, name: str, today: str) -> str:
        """Add a key and return it: the key itself is not stored.

        Raises ``KeyFileError`` for a name that is taken, ``InvalidKeyNameError`` for one that no
        key can have, and ``NotSavedError``.
        """
        if not name.strip() or len(name) > MAX_KEY_NAME or not name.isprintable():
            raise InvalidKeyNameError(f"a name has 1 to {MAX_KEY_NAME} printable characters")
        key = generate_key()
        with locked(self.path, LOCK_SECONDS):
            entries = self.read()
            if any(entry.name == name for entry in entries):
                raise KeyFileError(f"there is a key named {quoted(name)} already; revoke it first")
            self._write((*entries, KeyEntry(name, _digest(key), today)))
        return key

    def revoke(self, name: str) -> None:
        """Remove a key. Raises ``KeyFileError`` if there is none, and ``NotSavedError``."""
        with locked(self.path, LOCK_SECONDS):
            entries = self.read()
            rest = tuple(entry for entry in entries if entry.name != name)
            if rest == entries:
                hint = did_you_mean(name, [entry.name for entry in entries])
                raise KeyFileError(f"there is no key named {quoted(name)}{hint and '.' + hint}")
            self._write(rest)

    def _write(self, entries: tuple[KeyEntry, ...]) -> None:
        content = msgspec.json.format(msgspec.json.encode(_File([*entries])), indent=2) + b"\n"
        with translating_errors(self.path):
            make_folders(self.path.parent)
            if self._stamp is None:
                create_file(self.path, content)
            elif not replace_file(self.path, content, self._stamp):
                # Such as an editor, which takes no lock.
                raise KeyFileError(
                    f"another program has just changed {safe_path(self.path)}; try again"
                )
        self.read()

    def _refresh(self) -> None:
        now = stamp(self.path)
        if now is not None:
            self._missing_since = None
        elif self._missing_since is None:
            self._missing_since = time.monotonic()
        if now == self._stamp:
            return
        missing_since = self._missing_since
        if missing_since is not None and time.monotonic() - missing_since < MISSING_SECONDS:
            return
        self._stamp = now
        before = self._entries
        try:
            self._entries = _read(self.path)
        except KeyFileError as error:
            # A file that is being edited must not lock out every consumer.
            self._warn(f"The keys stay as they were: {error}.")
        if before and not self._entries:
            self._warn(f"{safe_path(self.path)} has no keys any more: none of them is accepted.")


class LocalKeys:
    """The keys of a hub that only this machine can reach: those of a file, and the hub's own.

    Its own is shown while the file has none.
    """

    def __init__(self, file: KeyFile, own: str) -> None:
        self._file = file
        self._own = OneKey(own, "this machine")

    @property
    def shown(self) -> str:
        """The key to show with the address: a secret. Empty for none."""
        return "" if self._file.is_used else self._own.shown

    def owner(self, given: str) -> str | None:
        """Return the name of a key; None if it is not valid."""
        return self._file.owner(given) or self._own.owner(given)

    def has(self, name: str) -> bool:
        """Return whether a key with this name still exists."""
        return self._own.has(name) or self._file.has(name)


def _read(path: Path) -> tuple[KeyEntry, ...]:
    try:
        content = read_regular(path, MAX_FILE_BYTES)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "invalid path"
        raise KeyFileError(f"{safe_path(path)} cannot be read: {reason}") from None
    try:
        return tuple(msgspec.json.decode(content, type=_File).keys)
    except DECODE_ERRORS as error:
        raise KeyFileError(f"{safe_path(path)} is not a file of keys ({error})") from None


def local_key(path: Path) -> str:
    """Return the key of a hub that only this machine can reach; generate and store it the first
    time.

    Only this user can read it. Raises ``NotSavedError`` and ``KeyFileError``.
    """
    with translating_errors(path):
        make_folders(path.parent)
        with suppress(FileExistsError):
            create_file(path, generate_key().encode() + b"\n")
    try:
        key = read_regular(path, MAX_FILE_BYTES).decode("ascii").strip()
    except (OSError, ValueError):
        key = ""
    if not key:
        raise KeyFileError(f"{safe_path(path)} holds no key: delete it")
    return key


def generate_key() -> str:
    """Return a new random key that needs no escaping in a URL."""
    return secrets.token_urlsafe(24)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
