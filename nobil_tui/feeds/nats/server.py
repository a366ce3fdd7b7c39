"""The address of a NATS server as typed, and how to log in there.

Error messages never quote an address: it may contain a password.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from nobil_tui.base.patterns import LazyPattern
from nobil_tui.base.redaction import Secret, is_loopback
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.source import SourceError

SCHEMES = ("nats", "tls")
"""The schemes of an address; with the second one, the connection is encrypted from the start."""
DEFAULT_PORT = 4222
CREDS_VARIABLE = "NOBIL_NATS_CREDS"
TOKEN_VARIABLE = "NOBIL_NATS_TOKEN"  # noqa: S105  # the name of a variable
USER_VARIABLE = "NOBIL_NATS_USER"
PASSWORD_VARIABLE = "NOBIL_NATS_PASSWORD"  # noqa: S105  # the name of a variable

_HOST = LazyPattern(r"(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?")


class NatsServer(NamedTuple):
    """One NATS server, or several of one cluster, and the login."""

    urls: tuple[str, ...]
    """One for each server, without a login."""
    display_name: str
    """The hosts, without a login."""
    hosts: tuple[str, ...]
    user: str = ""
    password: Secret = Secret("")
    token: Secret = Secret("")
    creds: str = ""
    """Path of a credentials file; empty for none."""

    def __repr__(self) -> str:
        return f"<NatsServer {self.display_name}>"

    @property
    def encrypted(self) -> bool:
        """Whether the address asks for an encrypted connection."""
        return self.urls[0].startswith("tls:")

    @property
    def is_local(self) -> bool:
        """Whether all servers are on this machine."""
        return all(is_loopback(host) for host in self.hosts)

    @property
    def secrets(self) -> list[str]:
        """The secrets, which must not be shown."""
        return [each for each in (self.password.reveal(), self.token.reveal()) if each]


def is_nats_address(text: str) -> bool:
    """Return whether a text is meant as the address of a NATS server."""
    return text.strip().lower().startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def contains_login(text: str) -> bool:
    """Return whether an address of a NATS server contains a user, password or token."""
    return "@" in text.partition("://")[2]


def without_login(text: str) -> str:
    """Return the address of a NATS server without the user, password or token in it."""
    scheme, mark, rest = text.strip().partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def parse_server(text: str, environ: Mapping[str, str]) -> NatsServer:
    """Parse ``nats://[user:password@]host[:port][,host...]``; the login may come from ``environ``.

    Raises ``SourceError``.
    """
    scheme, _, rest = text.strip().partition("://")
    if scheme.lower() not in SCHEMES:
        raise SourceError("The address of a NATS server must begin with nats:// or tls://.")
    login, _, places = rest.rpartition("@")
    urls, hosts, names = [], [], []
    for place in places.rstrip("/").split(","):
        found = _HOST.fullmatch(place)
        port = int(found["port"] or DEFAULT_PORT) if found is not None else 0
        if found is None or not 0 < port < 65536:
            raise SourceError(
                "The address of the NATS server cannot be read. Expected one such as "
                "nats://nats.example.org:4222."
            )
        urls.append(f"{scheme.lower()}://{found['host']}:{port}")
        hosts.append(found["host"].strip("[]").lower())
        names.append(found["host"] if port == DEFAULT_PORT else f"{found['host']}:{port}")
    user, colon, password = login.partition(":")
    name = safe_text(", ".join(names))
    server = NatsServer(tuple(urls), name, tuple(hosts))
    if colon:
        return server._replace(user=unquote(user), password=Secret(unquote(password)))
    if user:
        return server._replace(token=Secret(unquote(user)))
    return server._replace(
        user=environ.get(USER_VARIABLE, ""),
        password=Secret(environ.get(PASSWORD_VARIABLE, "")),
        token=Secret(environ.get(TOKEN_VARIABLE, "")),
        creds=environ.get(CREDS_VARIABLE, ""),
    )


def unencrypted_login(server: NatsServer) -> str:
    """Return a warning if a login may travel unencrypted; else an empty string."""
    if not server.secrets or server.is_local or server.encrypted:
        return ""
    return (
        f"The login goes to {server.display_name} unencrypted unless that server asks for TLS. "
        "Use tls:// if it does."
    )


def require_library() -> None:
    """Raise ``SourceError`` if the package that speaks to NATS is not installed."""
    try:
        import nats  # noqa: F401  # to check that it is installed
    except ImportError:
        raise SourceError(
            "NATS needs the extra nobil-tui[nats]: pip install 'nobil-tui[nats]'."
        ) from None
