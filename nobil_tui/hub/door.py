"""The door: a new connection until its first request is complete.

A handshake of a WebSocket is answered here; any other request goes to the HTTP server with the
connection. So a consumer costs no HTTP server, and a slow or endless request costs only its bytes.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, cast

from nobil_tui.base.redaction import is_loopback
from nobil_tui.hub.consumer import Allowance, Consumer, ConsumerOwner
from nobil_tui.hub.denial import Denial, plain_response
from nobil_tui.hub.frames import WINDOW_BITS
from nobil_tui.hub.requests import (
    PATH,
    STREAM_PATHS,
    Header,
    client_address,
    given_keys,
    parse_target,
)

if TYPE_CHECKING:
    import ssl

    from websockets.http11 import Request
    from websockets.server import ServerProtocol
    from websockets.typing import Subprotocol

MAX_HEAD = 16 * 1024
"""Bytes of the head of a request."""
MAX_MESSAGE = 4096
"""Bytes of one message from a consumer; messages are dropped."""
HTTP_SECONDS = 120.0
"""Seconds that an HTTP request and its response may take."""
LINGER_SECONDS = 5.0
"""Seconds that an answered client may take to send the rest of its request."""
MAX_REST = 32 * 1024 * 1024
"""Bytes of the rest of an answered request, which is dropped; more ends the connection."""

_BARE = re.compile(
    rb"\A(?:GET|HEAD|OPTIONS) (?!.*\r\n(?:content-length:(?![ \t]*0[ \t]*\r)|transfer-encoding:))",
    re.IGNORECASE | re.DOTALL,
)
"""The head of a request without a body."""
_UPGRADE = re.compile(rb"\AGET .*\r\nupgrade:[ \t]*websocket[ \t]*\r\n", re.IGNORECASE | re.DOTALL)

# The library logs the whole URL with the key at debug level.
_quiet = logging.getLogger("nobil_tui.hub.websockets")
_quiet.setLevel(logging.INFO)


class Admission(Protocol):
    """The hub, as the door sees it."""

    @property
    def handshake_seconds(self) -> float:
        """The seconds that a request may take to arrive."""
        ...

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What encrypts the connections; None for plain ones."""
        ...

    @property
    def behind_proxy(self) -> bool:
        """Whether a proxy in front names the address of the client."""
        ...

    @property
    def path_prefix(self) -> str:
        """What a proxy in front may pass on before our path."""
        ...

    @property
    def allowance(self) -> Allowance:
        """What a consumer may send."""
        ...

    @property
    def owner(self) -> ConsumerOwner:
        """What a consumer belongs to."""
        ...

    def opened(self, door: Door) -> bool:
        """Count a connection; return whether there is room for it."""
        ...

    def closed(self, door: Door) -> None:
        """Note that a connection is not at the door any more."""
        ...

    def admit(self, keys: list[str], address: str) -> str | Denial:
        """Check the API keys of a consumer; return the name of the valid one."""
        ...

    def join(self, consumer: Consumer) -> None:
        """Take in a consumer whose handshake is done."""
        ...

    def http_protocol(self) -> asyncio.Protocol | None:
        """Return a new connection of the HTTP server; None without one."""
        ...


class _LingeringTransport:
    """A transport to answer with: its ``close`` is that of the door, which knows that the client
    may still send."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self._close = close
        self._is_closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Return whether the transport is closed, or about to be."""
        return self._is_closed or self._transport.is_closing()

    def close(self) -> None:
        """Close the transport once the client has sent the rest."""
        if not self.is_closing():
            self._is_closed = True
            self._close()


class Door(asyncio.Protocol):
    """A new connection."""

    def __init__(self, hub: Admission) -> None:
        self._hub = hub
        self._head = bytearray()
        self._transport: asyncio.Transport
        self._deadline: asyncio.TimerHandle | None = None
        self.encrypting: asyncio.Task[None] | None = None
        """The handshake of TLS; None without one."""
        self._is_encrypting = False
        self._http: asyncio.Protocol | None = None
        """The connection of the HTTP server, once the request is for it."""
        self._rest: int | None = None
        """The bytes that the client may still send after its response; None before that."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request, for a limited time."""
        self._transport = transport = cast(asyncio.Transport, transport)
        if (sock := transport.get_extra_info("socket")) is not None:
            _keep_alive(sock)
        tls = self._hub.tls
        if not self._hub.opened(self):
            if tls is not None:
                # Not worth a handshake.
                transport.abort()
                return
            self._answer(
                plain_response(Denial(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections", 30))
            )
            return
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._hub.handshake_seconds, self.abort)
        if tls is not None:
            transport.pause_reading()
            self._is_encrypting = True
            self.encrypting = loop.create_task(self._encrypt(tls))

    async def _encrypt(self, tls: ssl.SSLContext) -> None:
        """Do the TLS handshake here, not in the server, which would not count unfinished ones."""
        try:
            encrypted = await asyncio.get_running_loop().start_tls(
                self._transport,
                self,
                tls,
                server_side=True,
                ssl_handshake_timeout=self._hub.handshake_seconds,
            )
        except (OSError, asyncio.CancelledError):
            self._transport.abort()
            self._leave()
            return
        if encrypted is None or encrypted.is_closing():
            self._leave()
            return
        self._transport, self._is_encrypting = encrypted, False
        early, self._head = bytes(self._head), bytearray()
        if early:
            self.data_received(early)

    def data_received(self, data: bytes) -> None:
        """Collect the head of the request."""
        if self._rest is not None:
            self._rest -= len(data)
            if self._rest < 0:
                self._transport.abort()
            return
        if self._http is not None:
            self._http.data_received(data)
            return
        if self._deadline is None:
            return
        searched = max(0, len(self._head) - 3)
        self._head += data
        if self._is_encrypting:
            # It comes with the end of the handshake, before that is noticed here.
            return
        end = self._head.find(b"\r\n\r\n", searched)
        if end < 0:
            if len(self._head) > MAX_HEAD:
                text = "The head of the request is too large"
                too_large = Denial(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, text)
                self._answer(plain_response(too_large), close=self._linger)
            return
        content, self._head = bytes(self._head), bytearray()
        if end < MAX_HEAD and _UPGRADE.match(content, 0, end + 2):
            self._handshake(content[: end + 4], content[end + 4 :])
        else:
            self._to_http(content)

    def eof_received(self) -> bool:
        """Close the connection, unless a response is on its way: a client may have sent all."""
        # An encrypted connection cannot be half open.
        return self._http is not None and self._rest is None and self._hub.tls is None

    def pause_writing(self) -> None:
        """Note that the system takes no more."""
        if self._http is not None:
            self._http.pause_writing()

    def resume_writing(self) -> None:
        """Note that the system takes more."""
        if self._http is not None:
            self._http.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is closed."""
        self._leave()
        if self._http is not None:
            self._http.connection_lost(exc)

    def abort(self) -> None:
        """Abort the connection."""
        if self.encrypting is not None:
            self.encrypting.cancel()
        self._transport.abort()

    # Inside

    def _leave(self) -> asyncio.Transport:
        """Leave the connection to another protocol."""
        transport = self._transport
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._hub.closed(self)
        return transport

    def _answer(self, response: bytes, close: Callable[[], None] | None = None) -> None:
        """Answer and close the connection, by default at once."""
        self._limit_time(self._hub.handshake_seconds)
        self._transport.write(response)
        (close or self._transport.close)()

    def _limit_time(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(seconds, self._transport.abort)

    def _linger(self) -> None:
        """Close the connection once the client has sent the rest of its request, within limits.

        If it were closed before, the system would reset it, and the client might lose the response.
        """
        self._rest = MAX_REST
        self._head = bytearray()
        self._limit_time(LINGER_SECONDS)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        # The HTTP server may have paused it, as it does not read the rest.
        self._transport.resume_reading()

    def _peer(self) -> str:
        name = self._transport.get_extra_info("peername")
        return str(name[0]) if name else ""

    def _handshake(self, head: bytes, rest: bytes) -> None:
        """Answer the handshake of a WebSocket."""
        from websockets.http11 import Request

        protocol = _server_protocol(compress=self._compresses())
        protocol.receive_data(head)
        requests = [each for each in protocol.events_received() if isinstance(each, Request)]
        if not requests:
            self._answer(
                plain_response(Denial(HTTPStatus.BAD_REQUEST, "The request cannot be read"))
            )
            return
        request = requests[0]
        address = client_address(
            self._peer(), header_of(request), behind_proxy=self._hub.behind_proxy
        )
        admitted = self._admit(request, address)
        if isinstance(admitted, Denial):
            response = protocol.reject(admitted.status, admitted.text + "\n")
            if admitted.retry_after:
                response.headers["Retry-After"] = str(admitted.retry_after)
        else:
            response = protocol.accept(request)
        protocol.send_response(response)
        data = b"".join(protocol.data_to_send())
        if isinstance(admitted, Denial) or response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._answer(data)
            return
        transport = self._leave()
        transport.write(data)
        consumer = Consumer(
            transport,
            protocol,
            self._hub.owner,
            self._hub.allowance,
            name=admitted,
            address=address,
        )
        transport.set_protocol(consumer)
        self._hub.join(consumer)
        if rest:
            consumer.data_received(rest)

    def _admit(self, request: Request, address: str) -> str | Denial:
        target = parse_target(request.path, self._hub.path_prefix)
        if target.path not in STREAM_PATHS:
            return Denial(HTTPStatus.NOT_FOUND, f"The stream is at {self._path()}")
        return self._hub.admit(given_keys(target, header_of(request)), address)

    def _path(self) -> str:
        return f"{self._hub.path_prefix.rstrip('/')}{PATH}"

    def _compresses(self) -> bool:
        # On this machine, compressing takes longer than sending.
        return self._hub.behind_proxy or not is_loopback(self._peer())

    def _to_http(self, content: bytes) -> None:
        http = self._hub.http_protocol()
        lingers = _BARE.match(content, 0, content.find(b"\r\n\r\n") + 2) is None
        if http is None:
            text = f"The stream is at {self._path()}; connect with a WebSocket"
            denial = plain_response(Denial(HTTPStatus.UPGRADE_REQUIRED, text))
            self._answer(denial, close=self._linger if lingers else None)
            return
        # The door stays in between: the connection counts, and its time is limited.
        self._limit_time(HTTP_SECONDS)
        self._http = http
        transport = self._transport
        if lingers:
            transport = cast(asyncio.Transport, _LingeringTransport(transport, self._linger))
        http.connection_made(transport)
        http.data_received(content)


def header_of(request: Request) -> Header:
    """Return a function that returns a header of a request, or None."""

    def header(name: str) -> str | None:
        values = request.headers.get_all(name)
        return values[-1] if values else None

    return header


def _server_protocol(*, compress: bool) -> ServerProtocol:
    from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
    from websockets.server import ServerProtocol

    deflate = ServerPerMessageDeflateFactory(
        server_no_context_takeover=True,
        client_no_context_takeover=True,
        server_max_window_bits=WINDOW_BITS,
    )
    return ServerProtocol(
        extensions=[deflate] if compress else None,
        select_subprotocol=_first_offered,
        max_size=MAX_MESSAGE,
        logger=_quiet,
    )


def _first_offered(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    # Browsers and Node's ws give up unless one of their offered subprotocols is chosen.
    return offered[0] if offered else None


def _keep_alive(sock: socket.socket) -> None:
    """Let the system find out if a peer is gone, within some minutes."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
