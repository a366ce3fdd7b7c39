"""The address of a version 1 server: validate it, display it without secrets, and insert the key.

Error messages never quote an address: any part of it may contain a key.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, quote, unquote, urlsplit

from msgspec import Struct

from nobil_tui.base.patterns import LazyPattern
from nobil_tui.base.redaction import (
    KEY_PLACEHOLDER,
    KEY_PLACEHOLDER_RE,
    is_loopback,
    keys_in_address,
    replace_keys,
)
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.source import SourceError

_HOST = LazyPattern(r"[\w.-]+")
_BRACE = LazyPattern(r"[{}]")
_PORTS = {"ws": 80, "wss": 443}


class Address(Struct, frozen=True):
    """A valid address, which may need a key."""

    text: str
    """Secret if it contains a key."""
    host: str
    """In lower case, without brackets."""
    port: int
    encrypted: bool
    path: str

    def __repr__(self) -> str:
        return f"<Address {self.display_name}>"

    @property
    def takes_key(self) -> bool:
        """Whether it has a placeholder for a key."""
        return KEY_PLACEHOLDER_RE.search(self.text) is not None

    @property
    def contains_key(self) -> bool:
        """Whether it contains what looks like a key."""
        return bool(keys_in_address(self.text))

    @property
    def without_key(self) -> str:
        """The address with the placeholder in place of each key."""
        return replace_keys(self.text)

    @property
    def written_key(self) -> str:
        """The only key in the address, if it can be put back in its place; empty if there is none,
        or several."""
        keys = keys_in_address(self.text)
        # Servers differ in how they decode a plus.
        return (
            unquote(keys[0]) if len(keys) == 1 and "+" not in keys[0] and not self.takes_key else ""
        )

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, so that no data cross a network."""
        return is_loopback(self.host)

    @property
    def display_name(self) -> str:
        """Display name: the host, and the port if it is not the default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return safe_text(
            host
            if self.port == _PORTS["wss" if self.encrypted else "ws"]
            else f"{host}:{self.port}"
        )

    @property
    def endpoint(self) -> str:
        """Host and path: equal for the same stream, whatever the key and the encryption."""
        usual = self.port in _PORTS.values()
        return f"{self.host}{'' if usual else f':{self.port}'}{self.path}"

    def with_key(self, key: str) -> str:
        """Return the address with ``key`` in place of its placeholder: a secret."""
        return KEY_PLACEHOLDER_RE.sub(lambda _: quote(key, safe=""), self.text)


def is_address(text: str) -> bool:
    """Return whether a text is meant as an address, of any scheme."""
    return "://" in text


def parse_address(text: str) -> Address:
    """Parse an address. Raises ``SourceError`` for one that is invalid, or would expose a
    secret."""
    scheme = text.partition("://")[0].lower()
    if scheme not in _PORTS:
        hint = (
            " Write ws:// instead of http://, and wss:// instead of https://."
            if "http" in scheme
            else ""
        )
        raise SourceError(f"The address of a stream must begin with ws:// or wss://.{hint}")
    if " " in text:
        raise SourceError("The address contains a space. Quote it, and write %20 for a space.")
    if "#" in text:
        raise SourceError(
            "The address contains a #; what follows is not sent to the server. Write %23 for a #."
        )
    parts = _split(text)
    if parts.username is not None or parts.password is not None:
        raise SourceError(
            "The address contains a user name or password before its host, where it would be "
            "shown. "
            f"Remove it, and write {KEY_PLACEHOLDER} where the key goes."
        )
    host = parts.hostname or ""
    if not _is_host(host):
        raise SourceError(
            "The address has no host. Expected one such as wss://stream.example.org/path."
        )
    address = Address(text, host, parts.port or _PORTS[scheme], scheme == "wss", parts.path)
    if _BRACE.search(KEY_PLACEHOLDER_RE.sub("", text)):
        raise SourceError(
            "The address contains braces around something other than the placeholder for the "
            f"key, {KEY_PLACEHOLDER}."
        )
    return address


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        # Accessing the port validates it.
        if parts.port != 0:
            return parts
    except ValueError:
        pass
    raise SourceError(
        "The address cannot be read. Expected one such as wss://stream.example.org:443/path."
    )


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _HOST.fullmatch(host) is not None
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
