"""API keys: each belongs to one source.

Only this module decides which key goes to which source, and how the config stores it.
"""

from __future__ import annotations

from collections.abc import Mapping

from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import Config
from nobil_tui.config.operations import Operation, Put
from nobil_tui.config.setting_table import MAX_API_KEY
from nobil_tui.feeds.source import MissingKeyError, SourceError
from nobil_tui.sources.address import Address
from nobil_tui.sources.catalogue import SOURCES, SourceKind
from nobil_tui.sources.names import address_of, kind_of

Owner = tuple[str, str]
"""The owner of a key: the name of its kind of source, and the host, which is empty for a kind
without addresses."""

SHARED_SECTION = "stream"
"""Table of the config with the chosen source, and a key for it, whatever its kind."""


class ApiKeys:
    """The API keys of one config and one environment."""

    def __init__(self, config: Config, environ: Mapping[str, str]) -> None:
        self._config = config
        self._environ = environ

    def find(self, kind: SourceKind, address: Address | None) -> str:
        """Return the key for a source. Raises ``SourceError`` if none belongs to it."""
        if kind.key is None:
            return ""
        section, variable = kind.key
        name = address.display_name if address is not None else kind.label
        if key := checked_key(self._environ.get(variable, "").strip(), f"The variable {variable}"):
            return key
        if section != SHARED_SECTION and (own := self._config.api_key(section)) is not None:
            return own.reveal()
        shared = self._config.stream.api_key
        if shared is not None and self.has_one_for(kind, address):
            return shared.reveal()
        if section == SHARED_SECTION and shared is not None:
            raise MissingKeyError(
                name,
                f"The one under [{SHARED_SECTION}] in the config belongs to the source there and "
                f"is sent nowhere else. Set {variable} for this source.",
            )
        where = "source and api_key" if section == SHARED_SECTION else "api_key"
        raise MissingKeyError(name, f"Set {variable}, or {where} under [{section}] in the config.")

    def has_one_for(self, kind: SourceKind, address: Address | None) -> bool:
        """Return whether this is the config's source, so that the key beside it may go there."""
        stream = self._config.stream
        owner = kind.name, address.host if address is not None else ""
        return stream.api_key is not None and _owner(stream.source) == owner


def save_operations(text: str, given: str, config: Config) -> tuple[tuple[Operation, ...], str]:
    """Return the operations that save the source that ``text`` names with the ``given`` key, and a
    sentence about a lost key.

    A key in the config is removed if another source takes its place; the sentence says so, and is
    empty if no key is removed. Raises ``SourceError`` if ``text`` names no source.
    """
    kind, address = kind_of(text), address_of(text)
    if address is not None and not given and _is_key(address.written_key):
        # A key in the config has one place, where the user can replace it.
        text, given = address.without_key, address.written_key
    operations: list[Operation] = [Put(SHARED_SECTION, "source", text)]
    section = kind.key.section if kind.key is not None else ""
    if given and section:
        operations.append(Put(section, "api_key", Secret(given)))
    saved, owner = config.stream.api_key, _owner(config.stream.source)
    if saved is None or owner == _owner(text):
        return tuple(operations), ""
    if not (given and section == SHARED_SECTION):
        operations.append(Put(SHARED_SECTION, "api_key", None))
    if (own := _own_section(owner)) and config.api_key(own) is None:
        return (*operations, Put(own, "api_key", saved)), ""
    return tuple(operations), "" if saved == Secret(given) else _loss(config.stream.source)


def checked_key(key: str, name: str) -> str:
    """Return a key that can be sent; empty for none. Raises ``SourceError``, which never quotes
    it."""
    if len(key) > MAX_API_KEY:
        raise SourceError(f"{name} has {len(key):,} characters; expected at most {MAX_API_KEY:,}.")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SourceError(f"{name} contains a space, a control character or a non-ASCII letter.")
    return key


def _is_key(text: str) -> bool:
    try:
        return bool(checked_key(text, "It"))
    except SourceError:
        return False


def _owner(source: str) -> Owner | None:
    """Return the owner of a key beside ``source`` in the config."""
    try:
        address = address_of(source)
        return kind_of(source.strip()).name, address.host if address is not None else ""
    except SourceError:
        return None


def _own_section(owner: Owner | None) -> str:
    """Return the table of the config that only this kind of source has; empty if it has none."""
    rule = SOURCES[owner[0]].key if owner is not None else None
    return rule.section if rule is not None and rule.section != SHARED_SECTION else ""


def _loss(source: str) -> str:
    owner = _owner(source)
    kind = SOURCES[owner[0]] if owner is not None else None
    if kind is None or kind.key is None:
        return (
            f"The key under [{SHARED_SECTION}] was removed from the config: it did not belong "
            "to this source."
        )
    address = address_of(source)
    name = address.display_name if address is not None else kind.label
    return f"The key for {name} was removed from the config. Enter it again to go back."
