"""Opening a WebSocket with real local servers: the reasons for failures, and proxies."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio import client
from websockets.asyncio.server import ServerConnection

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.feeds.transport import websocket
from nobil_tui.feeds.transport.failures import RefusedError, UnreachableError
from nobil_tui.feeds.transport.link import MAX_FRAME
from nobil_tui.feeds.transport.websocket import READ_AHEAD, open_connection
from tests.certificates import Certificates
from tests.conftest import RawHandler, Serve, ServeRaw, for_ever, guarded, settle, shake_hands
from tests.for_each import for_each

KEY = "s3cret-k3y"
ELSEWHERE = "charger.invalid"
"""A host name that does not resolve; with a proxy it is not looked up."""


async def why_not(url: str) -> str:
    """Try to open a connection; return the reason of the failure."""
    with pytest.raises((UnreachableError, RefusedError)) as caught:
        await guarded(open_connection(f"{url}?apikey={KEY}", 1000, 0.1))
    reason = str(caught.value)
    assert KEY not in reason
    assert reason.isprintable()
    return reason


async def stay(connection: ServerConnection) -> None:
    await connection.wait_closed()


# Addresses

NO_ADDRESSES = [
    "",
    "realtime.nobil.no",
    "http://127.0.0.1",
    "ws://",
    "ws:///path",
    "ws://[::1",
    "ws://[x]/",
    "ws://127.0.0.1:0",
    "ws://127.0.0.1:99999",
    "ws://127.0.0.1:port",
    "ws://user@127.0.0.1",
]


@for_each("url", NO_ADDRESSES)
async def test_rejects_an_invalid_address(url: str) -> None:
    assert await why_not(url) == "the source is not a WebSocket address"


@pytest.mark.parametrize("host", ["x" * 70, "a..b", "å" * 70])
async def test_rejects_an_invalid_host(host: str) -> None:
    reason = await why_not(f"ws://{host}/")
    assert reason.endswith(", or the proxy in the environment, has an invalid address")


async def test_a_hostile_host_name_is_made_safe() -> None:
    assert "\x1b" not in await why_not("ws://\x1b[2J" + "y" * 70)


# Servers without WebSocket


async def test_reports_a_refused_connection() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert await why_not(f"ws://127.0.0.1:{port}") == f"nothing listens at 127.0.0.1:{port}"


def answering(answer: bytes) -> RawHandler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return handler


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "127.0.0.1 closed the connection"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "127.0.0.1 is not a WebSocket server ("),
        (b"\x00\xff" * 5000, "127.0.0.1 is not a WebSocket server ("),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "127.0.0.1 is not a WebSocket server ("),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "the server answered HTTP 200"),
    ],
    ids=["hangs up", "SSH", "garbage", "no upgrade", "web page"],
)
async def test_reports_a_server_without_websocket(
    serve_raw: ServeRaw, answer: bytes, reason: str
) -> None:
    port = await serve_raw(answering(answer))
    assert (await why_not(f"ws://127.0.0.1:{port}")).startswith(reason)


async def test_reports_a_server_that_does_not_answer(
    serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await for_ever()

    monkeypatch.setattr(websocket, "OPEN_TIMEOUT", 0.01)
    port = await serve_raw(silent)
    assert await why_not(f"ws://127.0.0.1:{port}") == "127.0.0.1 does not answer"


async def test_reports_a_failed_tls_handshake(serve_raw: ServeRaw) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    port = await serve_raw(plain)
    reason = await why_not(f"wss://127.0.0.1:{port}")
    assert reason == f"127.0.0.1:{port} does not use TLS; try ws://"


@pytest.mark.parametrize("code", [300, 301, 302, 303, 307, 308])
async def test_does_not_follow_redirects(serve_raw: ServeRaw, code: int) -> None:
    """A key is only sent to its own source: a redirect could send it to any host."""
    asked: list[bytes] = []

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))

    there = await serve_raw(other)
    for location in (
        f"ws://localhost:{there}/?apikey={KEY}",
        f"ws://127.0.0.1:{there}",
        "/",
        "ws://[::1",
        "http://x/",
    ):
        answer = f"HTTP/1.1 {code} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        port = await serve_raw(answering(answer.encode()))
        reason = await why_not(f"ws://127.0.0.1:{port}")
        assert (
            reason
            == f"the server answered HTTP {code}, which points elsewhere: the key is not sent there"
        )
    assert asked == []


async def test_304_is_not_a_redirect(serve_raw: ServeRaw) -> None:
    port = await serve_raw(answering(b"HTTP/1.1 304 Not Modified\r\n\r\n"))
    assert await why_not(f"ws://127.0.0.1:{port}") == "the server answered HTTP 304"


async def test_read_ahead_is_limited_to_a_few_frames(serve: Serve) -> None:
    """Frames can be very large, and a server must not make the client buffer a gigabyte."""
    assert (READ_AHEAD + 1) * MAX_FRAME < 400 << 20

    async def handler(connection: ServerConnection) -> None:
        for number in range(READ_AHEAD + 1):
            await connection.send(str(number))
        await connection.wait_closed()

    connection = await guarded(open_connection(await serve(handler), 1000, 0.1))

    async def until_reading(reads: bool) -> None:
        while connection.transport.is_reading() is not reads:
            await settle()

    await guarded(until_reading(False))
    for number in range(READ_AHEAD + 1):
        assert await guarded(connection.recv()) == str(number)
    await guarded(until_reading(True))
    await guarded(connection.close())


# Keys


@pytest.mark.parametrize("status", [401, 403])
async def test_reports_a_rejected_key(serve_raw: ServeRaw, status: int) -> None:
    port = await serve_raw(answering(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()))
    with pytest.raises(RefusedError) as caught:
        await guarded(open_connection(f"ws://127.0.0.1:{port}?apikey={KEY}", 1000, 0.1))
    assert str(caught.value) == f"HTTP {status}"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ("", 0.0),
        ("Retry-After: 7\r\n", 7.0),
        ("Retry-After: soon\r\n", 0.0),
        ("Retry-After: 9\r\nRetry-After: 1\r\n", 9),
    ],
)
async def test_returns_retry_after_of_a_503(
    serve_raw: ServeRaw, headers: str, seconds: float
) -> None:
    port = await serve_raw(
        answering(f"HTTP/1.1 503 No\r\n{headers}Content-Length: 0\r\n\r\n".encode())
    )
    with pytest.raises(UnreachableError) as caught:
        await guarded(open_connection(f"ws://127.0.0.1:{port}", 1000, 0.1))
    assert str(caught.value) == "the server answered HTTP 503"
    assert caught.value.retry_after == seconds


def test_debug_messages_of_the_library_are_not_logged() -> None:
    """They contain the whole URL, even if all messages of this program are logged."""
    root = logging.getLogger("nobil_tui")
    before = root.level
    root.setLevel(logging.DEBUG)
    try:
        assert not logging.getLogger("nobil_tui.feeds.websockets").isEnabledFor(logging.DEBUG)
    finally:
        root.setLevel(before)


# Proxies


async def test_no_proxy_is_used_for_this_machine(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ws_proxy", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def handler(connection: ServerConnection) -> None:
        await connection.send("here")

    connection = await guarded(open_connection(await serve(handler), 1000, 0.1))
    assert await guarded(connection.recv()) == "here"
    await guarded(connection.close())


async def test_reports_a_proxy_that_cannot_reach_the_host(
    serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = await serve_raw(
        answering(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    )
    monkeypatch.setenv("http_proxy", f"http://user:{KEY}@127.0.0.1:{port}")
    assert (
        await why_not(f"ws://{ELSEWHERE}")
        == f"the proxy in the environment cannot reach {ELSEWHERE}"
    )


async def test_reports_an_invalid_proxy_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for proxy, reason in (
        (f"ftp://{KEY}@127.0.0.1", "has an unknown scheme; use http://, https:// or socks5://"),
        (f"http://127.0.0.1/{KEY}", "has an invalid address"),
    ):
        monkeypatch.setenv("http_proxy", proxy)
        assert await why_not(f"ws://{ELSEWHERE}") == f"the proxy in the environment {reason}"


async def test_reports_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "127.0.0.1:1")
    reason = await why_not(f"ws://{ELSEWHERE}")
    assert reason == "the proxy in the environment: nothing listens at 127.0.0.1:1"


async def test_a_proxy_without_a_scheme_is_used(
    serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await shake_hands(reader, writer)
        await for_ever()

    monkeypatch.setenv("http_proxy", f"127.0.0.1:{await serve_raw(proxy)}")
    connection = await guarded(open_connection(f"ws://{ELSEWHERE}/x", 1000, 0.1))
    connection.transport.abort()
    assert asked[0].startswith(f"CONNECT {ELSEWHERE}:80 ".encode())


# Certificates


async def test_each_fault_of_a_certificate_is_named(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = Certificates(tmp_path)

    async def try_out(context: ssl.SSLContext) -> str:
        url = (await serve(stay, ssl=context)).replace("ws:", "wss:")
        return await why_not(url)

    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert await try_out(certificates.server()) == (
        "the certificate of 127.0.0.1 is not trusted (unable to get local issuer certificate); "
        "behind a firewall that inspects TLS, set SSL_CERT_FILE to the file of its certificate"
    )
    assert (await try_out(certificates.server(self_signed=True))).startswith(
        "127.0.0.1 has a self-signed certificate; to trust it, set SSL_CERT_FILE"
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    other = await try_out(certificates.server("DNS:other.example"))
    assert other == "the certificate of 127.0.0.1 is for another host"
    expired = await try_out(certificates.server(until="20210101000000Z"))
    assert expired.startswith("the certificate of 127.0.0.1 has expired")
    url = (await serve(stay, ssl=certificates.server())).replace("ws:", "wss:")
    connection = await guarded(open_connection(url, 1000, 0.1))
    await guarded(connection.close())


# Several addresses


async def test_a_dead_first_address_does_not_delay_the_second(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where IPv6 goes nowhere: packets are dropped, and no error comes."""
    port = urlsplit(await serve(stay)).port
    loop = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def resolve(*_: object, **__: object) -> list[object]:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]

    async def drop(sock: socket.socket, address: tuple[str, int]) -> None:
        if address[0] == "2001:db8::1":
            await for_ever()
        await connect(sock, address)

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    monkeypatch.setattr(loop, "sock_connect", drop)
    monkeypatch.setattr(websocket, "NEXT_ADDRESS_DELAY", 0.001)
    connection = await guarded(open_connection(f"ws://two.invalid:{port}/", 1000, 0.1))
    await guarded(connection.close())


async def test_reports_a_proxy_with_an_invalid_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:port")
    assert "proxy" in await why_not(f"ws://{ELSEWHERE}")


async def test_reports_a_missing_socks_package(monkeypatch: pytest.MonkeyPatch) -> None:
    async def missing(*_: object, **__: object) -> None:
        # The library's exception if the package is not installed.
        raise ImportError("connecting through a SOCKS proxy requires python-socks")

    monkeypatch.setattr(client, "connect_socks_proxy", missing)
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    assert "python-socks" in await why_not(f"ws://{ELSEWHERE}")


async def test_a_cancelled_connection_is_closed_at_any_moment(serve_raw: ServeRaw) -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    port = await serve_raw(wait)
    for turns in range(12):
        opening = asyncio.create_task(open_connection(f"ws://127.0.0.1:{port}/", 1000, 0.1))
        for _ in range(turns):
            await asyncio.sleep(0)
        await cancel_and_wait(opening)
        del opening
        await settle()
    # A socket that was not closed makes a warning, which fails the test.
    gc.collect()
