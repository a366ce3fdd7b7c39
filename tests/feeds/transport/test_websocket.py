"""Reasons for failed and closed connections, without the key in any of them."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio import client
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close

from nobil_tui.base.redaction import MIN_SECRET_LENGTH, remove_secrets
from nobil_tui.feeds.transport import websocket
from nobil_tui.feeds.transport.link import MAX_FRAME
from nobil_tui.feeds.transport.websocket import (
    MAX_RETRY_AFTER,
    READ_AHEAD,
    RefusedError,
    UnreachableError,
    close_reason,
    open_connection,
    os_error_reason,
    parse_retry_after,
)
from tests.conftest import START, RawHandler, Serve, ServeRaw, for_ever, guarded, settle

KEY = "s3cret-k3y"
ELSEWHERE = "charger.invalid"
"""A host name that does not resolve; with a proxy it is not looked up."""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "ws_proxy",
        "wss_proxy",
        "all_proxy",
        "socks_proxy",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def why_not(url: str) -> str:
    """Try to open a connection; return the reason of the failure."""
    with pytest.raises((UnreachableError, RefusedError)) as caught:
        await guarded(open_connection(f"{url}?apikey={KEY}", 1000, 0.1))
    reason = str(caught.value)
    assert KEY not in reason
    assert reason.isprintable()
    return reason


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


@pytest.mark.parametrize("url", NO_ADDRESSES)
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
        assert (
            await why_not(f"ws://127.0.0.1:{taken.getsockname()[1]}")
            == "nothing listens at 127.0.0.1"
        )


def answering(answer: bytes) -> RawHandler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return handler


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "127.0.0.1 is not a WebSocket server ("),
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
    assert await why_not(f"wss://127.0.0.1:{port}") == "no secure connection to 127.0.0.1"


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


@pytest.mark.parametrize("proxy", [f"ftp://{KEY}@127.0.0.1", f"http://127.0.0.1/{KEY}"])
async def test_reports_an_invalid_proxy_address(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    assert (
        await why_not(f"ws://{ELSEWHERE}") == "the proxy in the environment has an invalid address"
    )


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


# Errors of the operating system


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed \x1b certificate"
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (untrusted(), "the certificate of h is not trusted: self-signed · certificate"),
        (ssl.SSLError(1, "wrong version number"), "no secure connection to h"),
        (socket.gaierror(-2, "Name or service not known"), "h is not found (is there a network?)"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "nothing listens at h"),
        (OSError(errno.EHOSTUNREACH, "x"), "h: No route to host"),
        (OSError(errno.ENETUNREACH, "x"), "h: Network is unreachable"),
        (OSError("Multiple exceptions: [Errno 111] x, [Errno 101] y"), "h cannot be reached"),
        (EOFError(), "h closed the connection"),
        (asyncio.IncompleteReadError(b"", 5), "h closed the connection"),
    ],
    ids=repr,
)
def test_os_error_reasons(error: Exception, reason: str) -> None:
    assert os_error_reason(error, "h") == reason


# Close reasons


@pytest.mark.parametrize(
    ("closed", "reason"),
    [
        (ConnectionClosedError(None, None), "the connection broke"),
        (
            ConnectionClosedOK(Close(1000, ""), Close(1000, ""), True),
            "the server closed the connection",
        ),
        (ConnectionClosedError(Close(1001, ""), None), "the server closed the connection"),
        (ConnectionClosedOK(Close(1001, "maintenance"), None), "the server closed: maintenance"),
        (ConnectionClosedError(Close(4000, "\x1b[2Jx\n"), None), "the server closed: ·[2Jx·"),
        (
            ConnectionClosedError(None, Close(1009, "frame of 5"), None),
            "the server sent a frame that is too large",
        ),
        (ConnectionClosedError(None, Close(1002, "bad opcode"), None), "the connection broke"),
    ],
)
def test_close_reasons(closed: ConnectionClosed, reason: str) -> None:
    assert close_reason(closed) == reason


TOKEN = "eyJhbGciOiJIUzI1NiJ9.PAYLOADPAYLOAD.SIGSIGSIG"


@pytest.mark.parametrize(
    ("said", "safe"),
    [
        (f"unknown key {KEY}", "unknown key …"),
        (f"unknown key {KEY.upper()}!", "unknown key …!"),
        # Truncated by the server, or by the maximum size of a close frame.
        (f"unknown {TOKEN[:20]}", "unknown …"),
        ("bad signature SIGSIGSIG", "bad signature …"),
        ("no a+b/c=d, nor a%2Bb%2Fc%3dd", "no …, nor …"),
        (KEY, "…"),
        ("maintenance", "maintenance"),
        ("", ""),
    ],
)
def test_close_reason_contains_no_secret(said: str, safe: str) -> None:
    secrets = (KEY, TOKEN, "a+b/c=d", "")
    assert remove_secrets(secrets, said) == safe
    closed = ConnectionClosedError(Close(1008, said), None)
    assert close_reason(closed, secrets) == (
        f"the server closed: {safe}" if said else "the server closed the connection"
    )


def test_a_short_secret_is_removed_completely() -> None:
    assert remove_secrets(("abc",), "ab abc ABC b") == "ab … … b"


PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)


@given(st.text(PRINTABLE, min_size=1, max_size=40), st.text(), st.text(), st.data())
def test_no_part_of_a_secret_is_left_in_any_context(
    secret: str, before: str, after: str, data: st.DataObject
) -> None:
    part = data.draw(
        st.integers(0, max(0, len(secret) - MIN_SECRET_LENGTH)).map(lambda at: secret[at:])
    )
    safe = remove_secrets((secret,), f"{before}{part}{after}")
    run = min(MIN_SECRET_LENGTH, len(secret))
    assert not [at for at in range(len(secret) - run + 1) if secret[at : at + run] in safe]


# Retry-After

NOW = datetime.fromtimestamp(START / 1000, UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("120", 120.0),
        ("3601", MAX_RETRY_AFTER),
        ("99999999", MAX_RETRY_AFTER),
        ("9" * 400, 0.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("٣", 0.0),
        ("²", 0.0),
        ("", 0.0),
        (" ", 0.0),
        ("soon", 0.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:14:20 -0000", 60.0),
        ("Tue, 14 Nov 2023 23:14:20 +0100", 60.0),
        ("Tuesday, 14-Nov-23 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:13:19 GMT", 0.0),
        ("Tue, 14 Nov 2123 22:14:20 GMT", MAX_RETRY_AFTER),
        ("Fri, 31 Dec 9999 23:59:59 -2359", MAX_RETRY_AFTER),
        ("Tue, 14 Nov 2023 22:14:20 +9999999", 0.0),
        ("Tue, 40 Nov 2023 22:14:20 GMT", 0.0),
        ("Tue, 14 Nov 99999999999999999999 22:14:20 GMT", 0.0),
    ],
)
def test_parses_retry_after(text: str, seconds: float) -> None:
    assert datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC) == NOW
    assert parse_retry_after(text, START) == seconds


@given(st.integers(-(10**6), 10**6))
def test_parses_retry_after_as_a_date(seconds: int) -> None:
    text = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after(text, START) == min(MAX_RETRY_AFTER, max(0, seconds))


PARTS = st.sampled_from(
    [
        "Tue,",
        "14",
        "Nov",
        "2023",
        "22:14:20",
        "GMT",
        "-",
        "+0100",
        ":",
        ",",
        "0",
        "é",
        "(",
        "\\",
        '"',
    ]
)


@given(st.text() | st.lists(PARTS | st.text(max_size=3), max_size=8).map(" ".join))
def test_any_retry_after_is_bounded(text: str) -> None:
    assert 0 <= parse_retry_after(text, START) <= MAX_RETRY_AFTER
