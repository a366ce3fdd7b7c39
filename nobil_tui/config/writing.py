"""Save changes to the config file: freshly read, under a lock, and atomically."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nobil_tui.base.decoding import BOM
from nobil_tui.base.files import (
    NotSavedError,
    Stamp,
    locked,
    replace_file,
    stamp,
    translating_errors,
)
from nobil_tui.base.text import safe_path
from nobil_tui.config.errors import InvalidValueError
from nobil_tui.config.model import Config
from nobil_tui.config.operations import Operation, apply_to_document
from nobil_tui.config.reading import (
    config_from_document,
    decode_config,
    is_config_away,
    parse_config,
    read_config_file,
)

LOCK_TIMEOUT = 5.0
"""Seconds to wait for another program that saves."""

MAX_TRIES = 20
"""Attempts if another program saves the file meanwhile: editors ignore the lock, and some file
systems have none."""


class ConfigAwayError(NotSavedError):
    """The file is missing or empty, but was not before: another program may be replacing it."""


class SavedConfig(NamedTuple):
    """A config, and the file that holds it."""

    config: Config
    content: bytes
    stamp: Stamp | None


class _FileState(NamedTuple):
    """The state of a file when it was read."""

    stamp: Stamp | None
    content: bytes
    document: dict[str, Any]
    config: Config
    is_away: bool
    """Whether the file is missing or empty, and the content is what it contained last."""


def update_config(
    path: Path,
    operations: Sequence[Operation],
    *,
    known: bytes = b"",
    restore: bool = False,
    lock_for: float = LOCK_TIMEOUT,
) -> SavedConfig:
    """Apply operations to the file. Blocks: not for an event loop.

    ``known`` is what the file contained last. If it is missing or empty now, ``restore`` writes
    that again, with the operations applied; otherwise raise ``ConfigAwayError``.

    Writes nothing if nothing changes. Raise ``ConfigError`` if the file is invalid, and
    ``NotSavedError`` if it cannot be written or would become invalid. Then it is unchanged.
    """
    with translating_errors(path):
        # Raises for a relative path if the working directory was deleted.
        target = Path(os.path.realpath(path))

    def read() -> _FileState:
        return _read_state(path, known, restore=restore)

    seen = read()
    if apply_to_document(seen.document, operations) == seen.document and not seen.is_away:
        return SavedConfig(seen.config, seen.content, seen.stamp)
    if target.exists() and not target.is_file():
        raise NotSavedError(
            f"Could not save {safe_path(path)}: it is not an ordinary file. Choose one with "
            "--config."
        )
    with locked(target, lock_for):
        for _ in range(MAX_TRIES):
            seen = read()
            wanted = apply_to_document(seen.document, operations)
            if wanted == seen.document and not seen.is_away:
                return SavedConfig(seen.config, seen.content, seen.stamp)
            config = _validated(path, wanted)
            content = _edited(path, seen, operations)
            with translating_errors(path):
                if replace_file(target, content, seen.stamp):
                    return SavedConfig(config, content, stamp(path))
    raise NotSavedError(
        f"Could not save {safe_path(path)}: another program keeps changing it. Try again."
    )


def _read_state(path: Path, known: bytes, *, restore: bool) -> _FileState:
    # The stamp first, so that a change during the read is noticed.
    before = stamp(path)
    content = read_config_file(path)
    is_away = is_config_away(content, known)
    if is_away and not restore:
        what = "missing" if content is None else "empty"
        raise ConfigAwayError(
            f"Could not save {safe_path(path)}: it is {what}. Another program may be writing it."
        )
    content = known if is_away else content or b""
    document, config = parse_config(path, content)
    return _FileState(before, content, document, config, is_away)


def _validated(path: Path, wanted: dict[str, Any]) -> Config:
    try:
        return config_from_document(wanted)
    except InvalidValueError as error:
        raise NotSavedError(f"Could not save {safe_path(path)}: {error}") from None


def _edited(path: Path, seen: _FileState, operations: Sequence[Operation]) -> bytes:
    """Return the changed bytes of a file, with its line ends and byte order mark kept."""
    from nobil_tui.config.editing import CannotEditError, edit_text

    text = decode_config(path, seen.content)
    windows = text.count("\r\n") == text.count("\n") > 0
    if windows:
        text = text.replace("\r\n", "\n")
    try:
        for operation in operations:
            text = edit_text(text, operation)
    except CannotEditError:
        raise NotSavedError(
            f"Could not save {safe_path(path)}: it is written in a way that cannot be changed "
            "without harm. Change it by hand, or write its tables under [headers]."
        ) from None
    if not text.endswith("\n") and not (seen.content and not seen.content.endswith(b"\n")):
        # The edit is at the end of a file that ended with a line feed, or that is new.
        text += "\n"
    if windows:
        text = text.replace("\n", "\r\n")
    return (BOM if seen.content.startswith(BOM) else b"") + text.encode()
