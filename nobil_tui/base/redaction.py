"""What is a secret though nobody says so: known by the name that it has, by its length, and by where it stands.

The one list of such names is here. What is shown, written down or sent somewhere is judged by it alone.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import unquote, urlsplit

HIDDEN = "•••"
"""What stands for a secret wherever it could be read."""
SECRET_NAMES = "key|token|secret|passw|pwd|auth|sig"  # noqa: S105  # a pattern of names  # noqa: S105  # a pattern of names
"""What is part of the name of a parameter, a header or a setting that holds a secret: a regular expression."""
KEY_PLACEHOLDER = "{private_apikey}"
"""Where the key goes in an address, in the words of version 1's documentation."""
KEY_PLACEHOLDER_RE = re.compile(r"\{private_apikey\}|%7Bprivate_apikey%7D", re.IGNORECASE)
MIN_SECRET_LENGTH = 6
"""Characters of what may be a secret whatever it is called; what is shorter is part of too many words."""
MIN_SECRET_IN_PATH = 12
"""The same of a part of an address's path: those that are no secret are words, and longer."""

AddSecret = Callable[[str], None]
"""Is told a secret that was not known at the start: it must be kept out of what is written down."""

_SECRET = re.compile(SECRET_NAMES, re.IGNORECASE)
_PARAMETER = re.compile(r"(?P<start>[?&;])(?P<name>[^=&;#]*)=(?P<value>[^&;#]*)")
_ADDRESS = re.compile(r"""\w://[^\s"'<>]+""")
_LOGIN = re.compile(r"(://)[^/@?#]+@")


class Secret:
    """A text that shows itself to nobody by accident: no ``str``, no ``repr``, no format, no pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not copied or pickled")


def is_secret_name(name: str) -> bool:
    """Whether what is called so is a secret."""
    return _SECRET.search(name) is not None


def keys_in_address(address: str) -> list[str]:
    """Return the values in an address's query that are keys by their names, as they are written there."""
    return [found["value"] for found in _PARAMETER.finditer(address) if _is_key(found)]


def replace_keys(address: str, sign: str = KEY_PLACEHOLDER) -> str:
    """Put ``sign`` in the place of each value in an address's query that is a key by its name."""
    return _PARAMETER.sub(lambda found: _with(found, sign) if _is_key(found) else found[0], address)


def secrets_in_query(address: str) -> list[str]:
    """Return what in an address's query is or may be a secret, whatever it is called; decoded."""
    return [unquote(found["value"]) for found in _PARAMETER.finditer(address) if _may_be_key(found)]


def secrets_in_address(url: str) -> list[str]:
    """Return all of a URL that is or may be a secret, decoded: in its query, in its path, and before its host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return secrets_in_query(url)
    path = [unquote(part) for part in parts.path.split("/") if len(part) >= MIN_SECRET_IN_PATH]
    return [*secrets_in_query(url), *path, *filter(None, (parts.username, parts.password))]


def redact_address(address: str) -> str:
    """Hide what is or may be a secret in an address, in its query and before its host; the place for a key stays."""
    hidden = _PARAMETER.sub(lambda found: _with(found, HIDDEN) if _may_be_key(found) else found[0], address)
    return _LOGIN.sub(rf"\g<1>{HIDDEN}@", hidden)


def redact_addresses(text: str) -> str:
    """Hide the same in each address that a text holds."""
    return _ADDRESS.sub(lambda address: redact_address(address[0]), text)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: what is sent there crosses no network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_unencrypted(address: str) -> bool:
    """Whether what is sent to an http address can be read on the way: it is not encrypted and not this machine."""
    parts = urlsplit(address)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _is_key(parameter: re.Match[str]) -> bool:
    value = parameter["value"]
    return bool(value) and not KEY_PLACEHOLDER_RE.fullmatch(value) and is_secret_name(unquote(parameter["name"]))


def _may_be_key(parameter: re.Match[str]) -> bool:
    return _is_key(parameter) or (
        len(parameter["value"]) >= MIN_SECRET_LENGTH and not KEY_PLACEHOLDER_RE.fullmatch(parameter["value"])
    )


def _with(parameter: re.Match[str], value: str) -> str:
    return f"{parameter['start']}{parameter['name']}={value}"
