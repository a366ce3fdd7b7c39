"""Find the source that a text names by its name, address or file."""

from __future__ import annotations

import stat
from pathlib import Path

from nobil_tui.base.paths import expand_user, similar_file
from nobil_tui.base.patterns import LazyPattern
from nobil_tui.base.text import did_you_mean, quoted, safe_path
from nobil_tui.config.setting_table import MAX_ADDRESS
from nobil_tui.feeds.nats.server import is_nats_address, without_login
from nobil_tui.feeds.source import SourceError
from nobil_tui.sources import catalogue
from nobil_tui.sources.address import Address, is_address, parse_address
from nobil_tui.sources.catalogue import Argument, SourceKind

RECORDING_SUFFIXES = (".jsonl", ".jsonl.gz")
"""Suffixes that make a name a recording even if the file does not exist."""

_WORD = LazyPattern(r"[\w./~-]{1,24}")
"""Text that cannot be an API key, so that an error may quote it."""
_SUFFIX = LazyPattern(r"\.[A-Za-z]\w{0,5}(?:\.gz)?\Z")
"""The end of a file's name."""


def kind_of(text: str) -> SourceKind:
    """Return the kind of source that ``text`` names; an empty text is the default.

    Raises ``SourceError`` for a text that names no source.
    """
    if len(text) > MAX_ADDRESS:
        raise SourceError(
            f"The source has {len(text):,} characters; expected at most {MAX_ADDRESS:,}."
        )
    if not text.isprintable():
        raise SourceError("The source contains a control character; expected printable text.")
    if not text:
        return catalogue.DEFAULT
    if (kind := catalogue.typed_names().get(text.casefold())) is not None:
        return kind
    if is_nats_address(text):
        return catalogue.kind_with(Argument.NATS)
    if is_address(text):
        return catalogue.kind_with(Argument.ADDRESS)
    if _is_recording(text):
        return catalogue.kind_with(Argument.FILE)
    raise SourceError(_not_a_source(text))


def may_be_source(text: str) -> bool:
    """Return whether ``text`` names a source, or looks like the address of one."""
    try:
        kind_of(text)
    except SourceError:
        return is_address(text)
    return True


def address_of(text: str) -> Address | None:
    """Return the address that ``text`` names; None for a kind without addresses of this form.

    Raises ``SourceError``.
    """
    text = text.strip()
    kind = kind_of(text)
    if kind.argument is Argument.NATS:
        return None
    if is_address(text):
        return parse_address(text)
    return parse_address(kind.address) if kind.address else None


def without_key(text: str) -> str:
    """Return ``text`` with the placeholder in place of each API key in it, and without a login."""
    if is_nats_address(text):
        return without_login(text)
    address = address_of(text)
    return text.strip() if address is None or not address.contains_key else address.without_key


def _is_recording(text: str) -> bool:
    """Return whether a text is the path of a file, or names one that need not exist.

    Raises ``SourceError`` for a path that cannot be a recording.
    """
    path = expand_user(text)
    may_miss = path.name.endswith(RECORDING_SUFFIXES)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if not may_miss and _is_meant_as_path(text):
            problem = "is not a source: there is no such file."
            raise SourceError(_not_used(text, f"{problem}{similar_file(path)}")) from None
        return may_miss
    except OSError as error:
        if not may_miss and _is_meant_as_path(text):
            reason = error.strerror or "the system refuses"
            raise SourceError(_not_used(text, f"cannot be read: {reason}.")) from None
        # It is not a path, or opening it reports why it cannot be read.
        return may_miss
    if stat.S_ISDIR(mode):
        raise SourceError(_not_used(text, "is a folder, and not a source."))
    return True


def _not_a_source(text: str) -> str:
    return _not_used(text, f"is not a source.{did_you_mean(text, catalogue.typed_names())}")


def _is_meant_as_path(text: str) -> bool:
    return text.startswith(("~", ".")) or bool({"/", "\\"} & {*text}) or bool(_SUFFIX.search(text))


def _not_used(text: str, problem: str) -> str:
    """Return an error that says what is wrong with a source and which sources exist."""
    if _WORD.fullmatch(text):
        name = quoted(text)
    else:
        name = safe_path(Path(text)) if _is_in_folder(text) else "This"
    return f"{name} {problem} Expected {catalogue.expected()}."


def _is_in_folder(text: str) -> bool:
    """Return whether a text begins with a folder that exists, so that it is no API key."""
    path = expand_user(text)
    try:
        return path.parent != Path() and path.parent.is_dir()
    except OSError:
        return False
