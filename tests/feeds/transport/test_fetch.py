"""GET requests with the standard library: addresses, proxies, redirects and failures."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any

import pytest

from nobil_tui.feeds.transport import fetch as transport_fetch
from nobil_tui.feeds.transport.failures import UnreachableError
from nobil_tui.feeds.transport.fetch import Fetched, Timeouts, fetch
from tests.conftest import GUARD, ServeRaw, guarded
from tests.feeds.dead_address import dead_address, found

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Server:
    """Answers every request with the next of ``answers``, and the last one again."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        await writer.drain()
        writer.close()


async def get(url: str, most: int = 1000, timeouts: Timeouts | None = None) -> Fetched:
    return await guarded(fetch(url, {"Accept": "x"}, most, lambda *_: None, timeouts or Timeouts()))


async def failure(url: str, **options: Any) -> str:
    with pytest.raises(UnreachableError) as failed:
        await get(url, **options)
    return str(failed.value)


async def test_follows_a_few_redirects(serve_raw: ServeRaw) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    server = Server(moved, OK)
    url = f"http://127.0.0.1:{await serve_raw(server)}/a"
    assert (await get(url)).body == b"hi"
    assert [line.split()[1] for line in server.asked] == [b"/a", b"/b"]
    # One that leads nowhere ends with its own status, as any other that is no success.
    server.answers[:] = [moved]
    assert (await get(url))[::2] == (302, b"")
    assert len(server.asked) < 10


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "closed before the response was comp"),
        (b"", "closed before the response was complete"),
        (b"SSH-2.0-x\r\n\r\n", "does not answer as a web server does"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "not answer as a web server"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, "sent too much"),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", "HTTP 302"),
    ],
)
async def test_a_bad_answer_is_one_sentence(serve_raw: ServeRaw, answer: bytes, words: str) -> None:
    url = f"http://127.0.0.1:{await serve_raw(Server(answer))}/"
    if words == "HTTP 302":
        assert (await get(url)).status == 302
    else:
        assert words in await failure(url)


async def test_a_silent_server_is_left(serve_raw: ServeRaw) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    url = f"http://127.0.0.1:{await serve_raw(silent)}/"
    assert await failure(url, timeouts=Timeouts(silence=0.05)) == "127.0.0.1 does not answer"


async def test_a_server_that_drips_is_left(serve_raw: ServeRaw) -> None:
    """Each byte comes in time, the whole never; of the headers as of the answer."""
    answers = [b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 200 OK\r\n\r\n"]
    ended: list[bytes] = []

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun = answers[len(ended)]
        # On a slow machine, the client may be gone before it has asked.
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(begun)
            while not reader.at_eof():
                writer.write(b"x")
                await writer.drain()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await reader.read()
        ended.append(begun)
        writer.close()

    url = f"http://127.0.0.1:{await serve_raw(drip)}/"
    for words in ("does not answer", "sends too slowly"):
        count = len(ended)
        # Within these times, a slow machine may get no byte at all.
        said = await failure(url, timeouts=Timeouts(connect=0.1, silence=0.1))
        assert said in (f"127.0.0.1 {words}", "127.0.0.1 does not answer")

        # The thread has closed its connection.
        async with asyncio.timeout(GUARD):
            while len(ended) == count:  # noqa: ASYNC110
                await asyncio.sleep(0.001)


async def test_the_second_address_of_a_host_is_tried_soon(
    serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the loop of the thread: this fails if a release of Python no longer uses the function that
    is replaced."""
    port = await serve_raw(Server(OK))
    with dead_address() as dead:
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda *_, **__: found(dead, ("127.0.0.1", port))
        )
        monkeypatch.setattr(transport_fetch, "NEXT_ADDRESS_DELAY", 0.001)
        assert (await get("http://nobil.example/")).body == b"hi"
    assert hasattr(HTTPConnection("nobil.example"), "_create_connection")


@pytest.mark.parametrize(
    ("variable", "url", "line"),
    [
        ("http_proxy", "http://nobil.invalid/x", b"GET http://nobil.invalid/x HTTP/1.1"),
        ("https_proxy", "https://nobil.invalid/x", b"CONNECT nobil.invalid:443 HTTP/1.0"),
    ],
)
async def test_uses_a_proxy_of_the_environment(
    serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch, variable: str, url: str, line: bytes
) -> None:
    refused = b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"
    proxy = Server(OK if url.startswith("http:") else refused)
    monkeypatch.setenv(variable, f"http://me:secret@127.0.0.1:{await serve_raw(proxy)}")
    if url.startswith("http:"):
        assert (await get(url)).body == b"hi"
    else:
        assert await failure(url) == "the proxy in the environment answered HTTP 407"
    assert proxy.asked[0].startswith(line[:-1])
    assert b"Proxy-Authorization: Basic" in proxy.asked[0]
    assert b"secret" not in proxy.asked[0]


async def test_says_that_it_was_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "127.0.0.1:1")
    said = "the proxy in the environment: nothing listens at 127.0.0.1:1"
    assert await failure("https://nobil.invalid/x") == said


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "https://127.0.0.1:1"])
async def test_names_a_proxy_that_it_cannot_use(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    assert "proxies are not supported" in await failure("https://nobil.invalid/x")


async def test_a_cancelled_request_stops_reading(serve_raw: ServeRaw) -> None:
    ended = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        except OSError:
            ended.set()

    url = f"http://127.0.0.1:{await serve_raw(endless)}/"
    begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_bytes(done: int, total: int | None) -> None:
        if not begun.done():
            begun.set_result(None)

    reading = asyncio.create_task(fetch(url, {}, 1 << 40, on_bytes, Timeouts()))
    await guarded(begun)
    reading.cancel()
    await guarded(ended.wait())
