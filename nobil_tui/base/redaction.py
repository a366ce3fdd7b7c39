"""Secrets: recognise them by name, length and position, and keep them out of what is shown.

The only list of names that mark a secret is here.
"""

from __future__ import annotations

import ipaddress
import re
import string
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import NoReturn
from urllib.parse import quote, unquote, urlsplit

from nobil_tui.base.patterns import LazyPattern

HIDDEN = "•••"
"""Shown in place of a secret."""
SECRET_NAMES = "key|token|secret|passw|pwd|auth|sig"  # noqa: S105  # a pattern of names
"""A pattern that is part of the name of a parameter, header or setting that holds a secret."""
KEY_PLACEHOLDER = "{private_apikey}"
"""The place of the key in an address, as version 1's documentation writes it."""
KEY_PLACEHOLDER_RE = LazyPattern(r"(?i:\{private_apikey\}|%7Bprivate_apikey%7D)")
MIN_SECRET_LENGTH = 6
"""Shortest value, in characters, that may be a secret whatever its name. Shorter ones occur in
words."""
MIN_SECRET_IN_PATH = 12
"""The same for a part of a URL's path, where ordinary words are longer."""
MAX_LEARNED_SECRETS = 100
"""The most secrets learned while running that are remembered: with some sources, each connection
has its own, which soon expires."""

_SECRET_VARIABLES = ("_KEY", "_TOKEN", "_PASSWORD")
"""Ends of the names of this program's environment variables that hold a secret."""

AddSecret = Callable[[str], None]
"""Adds a secret that becomes known while running to those kept out of the log."""

_SECRET_NAME = LazyPattern(SECRET_NAMES, re.IGNORECASE)
_PARAMETER = LazyPattern(r"(?P<start>[?&;])(?P<name>[^=&;#]*+)(?:=(?P<value>[^&;#]*+))?")
"""A parameter of a query, with a value or without: so each character is examined once."""
_ADDRESS = LazyPattern(r"""\w://[^\s"'<>]+""")
_ASSIGNED = LazyPattern(
    rf"""((?:{SECRET_NAMES})[\w-]{{0,64}}+["']?+\s*+[=:]\s*+(?:bearer\s++)?["']?)"""
    rf"""(?!{KEY_PLACEHOLDER_RE.pattern})[^\s"'&;,#)}}\]]+""",
    re.IGNORECASE,
)
_LOGIN = LazyPattern(r"(://)[^/@?#]+@")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def is_secret_variable(name: str) -> bool:
    """Return whether the environment variable with this name holds a secret of this program."""
    return name.startswith("NOBIL_") and name.endswith(_SECRET_VARIABLES)


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a program that needs none of our secrets."""
    return {name: value for name, value in environ.items() if not is_secret_variable(name)}


class Secret:
    """A text that is not revealed by accident: not by ``str``, ``repr``, format or pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text."""
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
        raise TypeError("a secret cannot be copied or pickled")


def is_secret_name(name: str) -> bool:
    """Return whether a value with this name is a secret."""
    return _SECRET_NAME.search(name) is not None


def keys_in_address(address: str) -> list[str]:
    """Return the values in an address's query that are keys by name, as written."""
    return [found["value"] for found in _PARAMETER.finditer(address) if _is_key(found)]


def replace_keys(address: str) -> str:
    """Replace the values in an address's query that are keys by name with the placeholder."""
    return _PARAMETER.sub(
        lambda found: _with(found, KEY_PLACEHOLDER) if _is_key(found) else found[0], address
    )


def secrets_in_query(address: str) -> list[str]:
    """Return the values in an address's query that may be secrets, decoded."""
    return [unquote(found["value"]) for found in _PARAMETER.finditer(address) if _may_be_key(found)]


def secrets_in_address(url: str) -> list[str]:
    """Return what may be a secret in a URL's query, path and login, decoded."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return secrets_in_query(url)
    path = [unquote(part) for part in parts.path.split("/") if len(part) >= MIN_SECRET_IN_PATH]
    return [*secrets_in_query(url), *path, *filter(None, (parts.username, parts.password))]


def redact_address(address: str) -> str:
    """Hide what may be a secret in an address's query and login. A key's placeholder stays."""
    redacted = _PARAMETER.sub(
        lambda found: _with(found, HIDDEN) if _may_be_key(found) else found[0], address
    )
    return _LOGIN.sub(rf"\g<1>{HIDDEN}@", redacted)


def redact_addresses(text: str) -> str:
    """Redact each address in a text."""
    return _ADDRESS.sub(lambda address: redact_address(address[0]), text)


def remove_secrets(secrets: Iterable[str], text: str) -> str:
    """Remove secrets from a text: as they are, URL-encoded, and truncated.

    Every run of ``MIN_SECRET_LENGTH`` characters in common with a secret becomes an ellipsis.
    """
    folded, hidden = text.translate(_LOWER), bytearray(len(text))
    forms = (form for secret in secrets for form in (secret, quote(secret, safe="")))
    runs_by_length: dict[int, set[str]] = {}
    for form in {form.translate(_LOWER) for form in forms if form}:
        length = min(MIN_SECRET_LENGTH, len(form))
        runs = runs_by_length.setdefault(length, set())
        runs.update(form[at : at + length] for at in range(len(form) - length + 1))
    for length, runs in runs_by_length.items():
        for at in range(len(text) - length + 1):
            if folded[at : at + length] in runs:
                hidden[at : at + length] = b"\1" * length
    parts = groupby(zip(text, hidden, strict=True), key=lambda each: each[1])
    return "".join(
        "…" if is_hidden else "".join(letter for letter, _ in letters)
        for is_hidden, letters in parts
    )


class Redactor:
    """Removes known secrets, and whatever looks like one, from the log and the diagnostics."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(secrets)
        self._learned: deque[str] = deque(maxlen=MAX_LEARNED_SECRETS)
        self._known = self._pattern()

    def learn(self, secret: str) -> None:
        """Remove this secret too from now on."""
        if secret not in self._secrets and secret not in self._learned:
            self._learned.append(secret)
            self._known = self._pattern()

    def redact(self, text: str) -> str:
        """Return a text without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        return _ASSIGNED.sub(rf"\g<1>{HIDDEN}", redact_addresses(text))

    def redact_parts(self, text: str) -> str:
        """Return a text without secrets and without parts of them."""
        secrets = (*self._secrets, *self._learned)
        # A shorter one occurs in ordinary words.
        long_enough = (secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH)
        return self.redact(remove_secrets(long_enough, text))

    def _pattern(self) -> re.Pattern[str] | None:
        secrets = {*self._secrets, *self._learned}
        forms = {
            form
            for secret in secrets
            for form in (secret, quote(secret, safe=""), repr(secret)[1:-1])
        }
        # The longest first: one may contain another.
        known = sorted(
            (form for form in forms if len(form) >= MIN_SECRET_LENGTH), key=len, reverse=True
        )
        return re.compile("|".join(map(re.escape, known))) if known else None


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, so that nothing crosses a network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_unencrypted(address: str) -> bool:
    """Return whether data sent to an http address can be read on the way."""
    parts = urlsplit(address)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _is_key(parameter: re.Match[str]) -> bool:
    value = parameter["value"] or ""
    if not value or KEY_PLACEHOLDER_RE.fullmatch(value):
        return False
    return is_secret_name(unquote(parameter["name"]))


def _may_be_key(parameter: re.Match[str]) -> bool:
    value = parameter["value"] or ""
    long_enough = len(value) >= MIN_SECRET_LENGTH
    return _is_key(parameter) or (long_enough and not KEY_PLACEHOLDER_RE.fullmatch(value))


def _with(parameter: re.Match[str], value: str) -> str:
    return f"{parameter['start']}{parameter['name']}={value}"
