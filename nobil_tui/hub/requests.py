"""Shared parts of the WebSocket and the REST API: paths, and the places for an API key."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from msgspec import Struct

PATH = "/api/v1/stream/realtime"
STREAM_PATHS = {PATH, "/api/v1/stream"}
REGISTER_PATH = "/register.json"
KEY = "key"
KEYS = {KEY, "apikey"}
"""Both paths and both parameter names are the same API."""
MAX_PARAMETERS = 32
MAX_KEY = 1024
"""The most characters of a key; a longer one is not valid."""

Header = Callable[[str], str | None]
"""Returns a header of a request, or None; if there are several with the same name, the last one."""

_WITH_PORT = re.compile(r"\A(?:\[(?P<v6>[^\]]*)\](?::\d*)?|(?P<v4>[\d.]+):\d*)")
"""An address with a port, as some proxies write it."""


class Target(Struct, frozen=True):
    """The target of a request."""

    path: str
    """Without a slash at its end."""
    query: list[tuple[str, str]]
    """Its parameters, without the keys."""
    keys: list[str]
    """The keys in the query: secrets."""


def parse_target(text: str, prefix: str = "") -> Target:
    """Split the target of a request. A query that cannot be read is empty.

    ``prefix``: what a proxy in front may pass on before our path.
    """
    path, _, query = text.partition("?")
    if (prefix := prefix.rstrip("/")) and f"{path}/".startswith(f"{prefix}/"):
        path = path.removeprefix(prefix)
    pairs = _parameters(query)
    keys = [value for name, value in pairs if name in KEYS]
    if "+" in query:
        # Some programs escape a plus in a key and some do not; unescaped, it may mean a space.
        keys += [value for name, value in _parameters(query.replace("+", "%2B")) if name in KEYS]
    rest = [(name, value) for name, value in pairs if name not in KEYS]
    return Target(path.rstrip("/") or "/", rest, list(dict.fromkeys(keys)))


def _parameters(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, max_num_fields=MAX_PARAMETERS, errors="replace")
    except ValueError:
        return []


def given_keys(target: Target, header: Header) -> list[str]:
    """Return the keys of a request, in its query or its headers: secrets."""
    scheme, _, token = (header("Authorization") or "").partition(" ")
    keys = [*target.keys, header("x-api-key") or ""]
    if scheme.lower() == "bearer":
        keys.append(token.strip())
    return [key for key in keys if 0 < len(key) <= MAX_KEY]


def client_address(peer: str, header: Header, *, behind_proxy: bool) -> str:
    """Return the address of the client: the last one that the proxy in front has added."""
    if behind_proxy and (forwarded := header("X-Forwarded-For")):
        last = forwarded.rpartition(",")[2].strip()[:64]
        found = _WITH_PORT.fullmatch(last)
        return (found["v6"] or found["v4"] or "" if found is not None else last) or peer
    return peer
