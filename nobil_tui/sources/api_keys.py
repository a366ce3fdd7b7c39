"""Which key goes where, and what becomes of it in the config: a key belongs to its source.

That is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping

from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import Config
from nobil_tui.config.operations import Operation, Put
from nobil_tui.config.validation import MAX_API_KEY
from nobil_tui.feeds.source import SourceError
from nobil_tui.sources.address import Address
from nobil_tui.sources.names import Kind, address_of, kind_of

API_KEY_VARIABLE = "NOBIL_API_KEY"
"""The variable of the environment that holds the key; it goes before the config."""


class ApiKeys:
    """The keys of one config and one environment."""

    def __init__(self, config: Config, environ: Mapping[str, str]) -> None:
        self._config = config
        self._environ = environ

    def of_stream(self, address: Address) -> str:
        """Return the key for a server of version 1. Raises ``SourceError`` where there is none for it."""
        if key := self._of_environment():
            return key
        secret = self._config.stream.api_key
        if secret is None:
            raise SourceError(
                f"{address.display_name} needs a key, and there is none. "
                f"Set the variable {API_KEY_VARIABLE}, or source and api_key under [stream] in the config."
            )
        if not self.has_one_for(address):
            raise SourceError(
                f"{address.display_name} needs a key. The one under [stream] in the config belongs to the source "
                f"that stands there, and goes nowhere else. Set the variable {API_KEY_VARIABLE} for this one."
            )
        return secret.reveal()

    def of_enova(self) -> str:
        """Return the key for NOBIL Real-time. Raises ``SourceError`` where there is none."""
        if key := self._of_environment():
            return key
        config = self._config
        secret = config.enova.api_key
        if secret is None and _owner(config.stream.source) == (Kind.ENOVA, ""):
            secret = config.stream.api_key
        if secret is None:
            raise SourceError(
                "NOBIL Real-time needs a key, and there is none. "
                f"Set the variable {API_KEY_VARIABLE}, or api_key under [enova] in the config."
            )
        return secret.reveal()

    def has_one_for(self, address: Address) -> bool:
        """Whether the config's own source has this host, so that the key beside it may go there."""
        stream = self._config.stream
        return stream.api_key is not None and _owner(stream.source) == (Kind.V1, address.host)

    def _of_environment(self) -> str:
        return checked_key(self._environ.get(API_KEY_VARIABLE, "").strip(), f"The variable {API_KEY_VARIABLE}")


def save_operations(text: str, given: str, config: Config) -> tuple[tuple[Operation, ...], str]:
    """Tell how to save the source that ``text`` names, with the key that was ``given``, and what is lost by that.

    Where another source is saved than the one that stands there, its key does not stay beside it. What is lost is
    told in words; empty where nothing is. Raises ``SourceError`` where ``text`` names no source.
    """
    kind, address = kind_of(text), address_of(text)
    if address is not None and not given and _is_key(address.written_key):
        # A key has one place in the config, where it is replaced as any other.
        text, given = address.without_key, address.written_key
    operations: list[Operation] = [Put("stream", "source", text)]
    takes_key = {Kind.V1: "stream", Kind.ENOVA: "enova"}.get(kind)
    if given and takes_key:
        operations.append(Put(takes_key, "api_key", Secret(given)))
    stands, owner = config.stream.api_key, _owner(config.stream.source)
    if stands is None or owner == _owner(text):
        return tuple(operations), ""
    if not (given and takes_key == "stream"):
        operations.append(Put("stream", "api_key", None))
    if owner == (Kind.ENOVA, "") and config.enova.api_key is None:
        # That one has a place of its own.
        return (*operations, Put("enova", "api_key", stands)), ""
    return tuple(operations), "" if stands == Secret(given) else _lost(config.stream.source)


def checked_key(key: str, what: str) -> str:
    """Return a key that can be sent; an empty one is none. Raises ``SourceError``, and never tells the key."""
    if len(key) > MAX_API_KEY:
        raise SourceError(f"{what} has {len(key):,} characters; no key has more than {MAX_API_KEY:,}.")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SourceError(f"{what} has a blank, a control character or a letter that is not ASCII; no key has.")
    return key


def _is_key(text: str) -> bool:
    try:
        return bool(checked_key(text, "It"))
    except SourceError:
        return False


def _owner(source: str) -> tuple[Kind, str] | None:
    """Tell whose a key is that stands beside a ``source`` in the config: its kind, and its host where it has one."""
    try:
        address = address_of(source)
        return kind_of(source.strip()), address.host if address is not None else ""
    except SourceError:
        return None


def _lost(source: str) -> str:
    match _owner(source):
        case (Kind.V1, _) if address := address_of(source):
            name = address.display_name
        case (Kind.ENOVA, _):
            name = "NOBIL Real-time"
        case _:
            return "The key that stood under [stream] in the config was taken out: it was not for this source."
    return f"The key for {name} was taken out of the config: it goes nowhere else. To go back there, give it again."
