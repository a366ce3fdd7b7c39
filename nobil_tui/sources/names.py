"""Find the source that a text names: by a name, an address, or a file."""

from __future__ import annotations

from nobil_tui.base.paths import expand_user
from nobil_tui.base.patterns import LazyPattern
from nobil_tui.base.text import did_you_mean, quoted
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
    path = expand_user(text)
    try:
        if path.is_dir():
            raise SourceError("The source is a folder; expected a recording file.")
        return path.exists() or path.name.endswith(RECORDING_SUFFIXES)
    except OSError:
        # Not a valid file name, or in a folder that cannot be read: opening it says which.
        return path.name.endswith(RECORDING_SUFFIXES)


def _not_a_source(text: str) -> str:
    name = quoted(text) if _WORD.fullmatch(text) else "This"
    hint = did_you_mean(text, catalogue.typed_names())
    return f"{name} is not a source.{hint} Expected {catalogue.expected()}."
