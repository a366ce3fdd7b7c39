"""The proxies of the environment, read once for all calls, with the rules that curl documents.

``http_proxy`` (lower case only), ``https_proxy`` and ``all_proxy`` name the proxy of a scheme;
``ws_proxy`` and ``wss_proxy`` that of WebSockets, which otherwise use those of HTTP. ``no_proxy``
lists hosts that are reached without one: names with their subdomains, addresses, networks
(``10.0.0.0/8``), each optionally with a port, or ``*`` for all. A lower-case variable has
precedence over the same one in capitals.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from nobil_tui.base.redaction import is_loopback
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.transport.failures import UnreachableError, os_error_reason

PROXY_VARIABLES = ("ws_proxy", "wss_proxy", "http_proxy", "https_proxy", "all_proxy")
"""The variables that name a proxy, in lower case."""
SOCKS_SCHEMES = ("socks5h", "socks5", "socks4a", "socks4")

_SCHEMES = ("http", "https", *SOCKS_SCHEMES)
_CANDIDATES = {
    "http": ("http_proxy", "all_proxy"),
    "https": ("https_proxy", "all_proxy"),
    "ws": ("ws_proxy", "http_proxy", "all_proxy"),
    "wss": ("wss_proxy", "https_proxy", "all_proxy"),
}
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def proxy_for(url: str, environ: Mapping[str, str] | None = None) -> str | None:
    """Return the URL of the proxy for ``url``, None for a direct connection.

    A proxy without a scheme is an HTTP proxy. Never one for this machine. Where the environment
    names no proxy, the system's settings apply (macOS, Windows). Raises ``UnreachableError`` for an
    invalid one, without quoting it, since it may contain a password.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if not host or is_loopback(host):
        return None
    environ = os.environ if environ is None else environ
    if not any(_read(environ, name) for name in PROXY_VARIABLES):
        return _of_system(parts.scheme, host)
    if _is_exempt(host, parts.port or _PORTS.get(parts.scheme, 0), _read(environ, "no_proxy")):
        return None
    for name in _CANDIDATES.get(parts.scheme, ()):
        if proxy := _read(environ, name):
            return _checked(proxy)
    return None


def proxy_place(proxy: str) -> tuple[str, int]:
    """Return the host and the port of a proxy's URL."""
    parts = urlsplit(proxy)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def proxy_failure(error: Exception, host: str, port: int, kind: str = "proxy") -> str:
    """Return why the proxy at ``host`` could not be reached. ``kind`` describes the proxy."""
    return f"the {kind} in the environment: {os_error_reason(error, safe_text(host), port)}"


def _read(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    # Web servers pass a client's header "Proxy" to CGI programs as HTTP_PROXY.
    if not value and name != "http_proxy":
        value = environ.get(name.upper(), "").strip()
    return value


def _checked(proxy: str) -> str:
    """Return the URL of a proxy as the user wrote it. Raises ``UnreachableError``."""
    url = proxy if "://" in proxy else f"http://{proxy}"
    parts = _split(url)
    if parts is None or parts.query or parts.fragment or parts.path not in ("", "/"):
        raise UnreachableError("the proxy in the environment has an invalid address")
    if parts.scheme not in _SCHEMES:
        raise UnreachableError(
            "the proxy in the environment has an unknown scheme; use http://, https:// or socks5://"
        )
    if parts.username is not None and parts.password is None:
        # One of the libraries requires a password, even an empty one.
        url = url.replace("@", ":@", 1)
    return url


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Return whether ``no_proxy`` lists a host."""
    return any(
        _matches(host.lower(), port, entry.lower()) for entry in no_proxy.replace(",", " ").split()
    )


def _matches(host: str, port: int, entry: str) -> bool:
    if entry == "*":
        return True
    name, wanted = _without_port(entry)
    if wanted and wanted != str(port):
        return False
    address = _address(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(name, strict=False)
        except ValueError:
            return False
    name = name.strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _without_port(entry: str) -> tuple[str, str]:
    """Split an entry of ``no_proxy`` into host and port; the port is empty without one."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        # The prefix of a network is behind the bracket.
        return (f"{name}{rest}", "") if rest.startswith("/") else (name, rest.removeprefix(":"))
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _of_system(scheme: str, host: str) -> str | None:
    from urllib.request import getproxies, proxy_bypass

    # Without variables, this is empty on other systems than macOS and Windows.
    found = getproxies()
    if not found or proxy_bypass(host):
        return None
    proxy = found.get({"ws": "http", "wss": "https"}.get(scheme, scheme))
    return _checked(proxy) if proxy else None
