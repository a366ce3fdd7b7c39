"""The address of a version 1 server as a user wrote it: judged, shown without what is secret, and filled in with a key.

No message here quotes an address: whatever part of it is wrong, a key may stand beside it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

from nobil_tui.base.redaction import (
    KEY_PLACEHOLDER,
    KEY_PLACEHOLDER_RE,
    is_loopback,
    keys_in_address,
    replace_keys,
)
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.source import SourceError

MAX_ADDRESS = 2048
"""Characters of an address."""

_HOST = re.compile(r"[\w.-]+")
_PORTS = {"ws": 80, "wss": 443}


class Address(NamedTuple):
    """An address that can be connected to once its key is in it."""

    text: str
    """A secret, where a key is written into it."""
    host: str
    """In lower case, without brackets."""
    port: int
    encrypted: bool
    path: str

    def __repr__(self) -> str:
        return f"<Address {self.display_name}>"

    @property
    def takes_key(self) -> bool:
        """Whether there is a place for a key in it."""
        return KEY_PLACEHOLDER_RE.search(self.text) is not None

    @property
    def contains_key(self) -> bool:
        """Whether what looks like a key is written into it."""
        return bool(keys_in_address(self.text))

    @property
    def without_key(self) -> str:
        """The address with the place for the key wherever one is written into it."""
        return replace_keys(self.text)

    @property
    def written_key(self) -> str:
        """The one key that is written into it, such that it can be put in its place again; empty for none, and more."""
        keys = keys_in_address(self.text)
        # What a plus means there, each server knows for itself.
        return unquote(keys[0]) if len(keys) == 1 and "+" not in keys[0] and not self.takes_key else ""

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine: what is sent there crosses no network."""
        return is_loopback(self.host)

    @property
    def display_name(self) -> str:
        """What it is called on screen: the host, and the port where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return safe_text(host if self.port == _PORTS["wss" if self.encrypted else "ws"] else f"{host}:{self.port}")

    @property
    def endpoint(self) -> str:
        """Host and path: the same for the same stream, whatever the key and however it is encrypted."""
        usual = self.port in _PORTS.values()
        return f"{self.host}{'' if usual else f':{self.port}'}{self.path}"

    def with_key(self, key: str) -> str:
        """Put a key where its place is: a secret."""
        return KEY_PLACEHOLDER_RE.sub(lambda _: quote(key, safe=""), self.text)


def is_address(text: str) -> bool:
    """Whether a text means to be an address of whatever kind."""
    return "://" in text


def parse_address(text: str) -> Address:
    """Judge an address. Raises ``SourceError`` for one that cannot be connected to, or not without harm."""
    scheme = text.partition("://")[0].lower()
    if scheme not in _PORTS:
        hint = " Write ws:// in place of http://, and wss:// in place of https://." if "http" in scheme else ""
        raise SourceError(f"A stream has an address that begins with ws:// or wss://.{hint}")
    if " " in text:
        raise SourceError("The address has a blank in it. Quote it, and write %20 where a blank is meant.")
    if "#" in text:
        raise SourceError("The address has a # in it: no server is sent what follows. Write %23 where a # is meant.")
    parts = _split(text)
    if parts.username is not None or parts.password is not None:
        raise SourceError(
            "The address has a name or a password before its host, where they show. "
            f"Take them out, and write {KEY_PLACEHOLDER} where a key goes."
        )
    host = parts.hostname or ""
    if not _is_host(host):
        raise SourceError("The address names no host. Expected one such as wss://stream.example.org/path.")
    address = Address(text, host, parts.port or _PORTS[scheme], scheme == "wss", parts.path)
    if re.search(r"[{}]", KEY_PLACEHOLDER_RE.sub("", text)):
        raise SourceError(
            f"The address has braces around something else than the key's place, which is {KEY_PLACEHOLDER}."
        )
    return address


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        # Reading the port checks it.
        if parts.port != 0:
            return parts
    except ValueError:
        pass
    raise SourceError("The address cannot be read. Expected one such as wss://stream.example.org:443/path.")


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _HOST.fullmatch(host) is not None
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
