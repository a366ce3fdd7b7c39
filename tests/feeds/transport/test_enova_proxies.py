"""The token request with proxies from the environment."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nobil_tui.feeds.transport.enova_token import TokenClient
from tests.conftest import FakeClock, ServeRaw, guarded
from tests.feeds.enova_service import KEY, EnovaService
from tests.feeds.transport.test_enova_token import unreachable


@pytest.fixture
async def service(clock: FakeClock) -> AsyncIterator[EnovaService]:
    async with EnovaService(clock) as service:
        yield service


async def proxied(serve_raw: ServeRaw, answer: bytes) -> tuple[str, list[bytes]]:
    """Start a proxy with this answer; return its URL and the requests that it receives."""
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        await reader.read()

    return f"127.0.0.1:{await serve_raw(handle)}", asked


GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{"accessToken": "wss://nobil.example/x"}'


@pytest.mark.parametrize("prefix", ["http://", "", "http://me:secret@"])
async def test_uses_a_proxy_of_the_environment(
    serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    proxy, asked = await proxied(serve_raw, GOOD)
    monkeypatch.setenv("http_proxy", f"{prefix}{proxy}")
    assert (
        await guarded(TokenClient(KEY, "http://nobil.invalid/x").dial()) == "wss://nobil.example/x"
    )
    assert asked[0].startswith(b"POST http://nobil.invalid/x HTTP/1.1\r\n")
    assert (b"Proxy-Authorization: Basic" in asked[0]) == ("@" in prefix)


async def test_a_proxy_does_not_see_the_key_of_an_https_request(
    serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, asked = await proxied(serve_raw, b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
    error = await unreachable(TokenClient(KEY, "https://nobil.invalid/x"))
    assert str(error) == "the proxy in the environment answered HTTP 407"
    assert asked[0].startswith(b"CONNECT nobil.invalid:443 ")
    assert KEY.encode() not in asked[0]


async def test_no_proxy_is_used_for_this_machine(
    service: EnovaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:1")
    await guarded(TokenClient(KEY, service.address).dial())
    assert len(service.calls) == 1


async def test_respects_no_proxy(serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    proxy, asked = await proxied(serve_raw, GOOD)
    monkeypatch.setenv("http_proxy", f"http://{proxy}")
    monkeypatch.setenv("no_proxy", "nobil.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    error = await unreachable(TokenClient(KEY, "http://nobil.invalid/x"))
    assert str(error) == "nobil.invalid is not found (is there a network?)"
    assert asked == []


@pytest.mark.parametrize(
    ("proxy", "reason"),
    [
        ("socks5://127.0.0.1:1080", "SOCKS"),
        ("http://127.0.0.1:1/", "the proxy in the environment: nothing listens at 127.0.0.1:1"),
        ("http://me:s3cret@a..b:3128", "proxy in the environment"),
        ("http://me:s3cret@127.0.0.1:99999", "proxy in the environment"),
    ],
)
async def test_reports_an_unusable_proxy(
    monkeypatch: pytest.MonkeyPatch, proxy: str, reason: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    error = await unreachable(TokenClient(KEY, "https://nobil.invalid/x"))
    assert reason in str(error)
    assert "s3cret" not in str(error)


async def test_does_not_send_credentials_from_netrc(
    serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, asked = await proxied(serve_raw, GOOD)
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", f"http://{proxy}")
    await guarded(TokenClient(KEY, "http://nobil.invalid/x").dial())
    assert b"authorization" not in asked[0].lower()
