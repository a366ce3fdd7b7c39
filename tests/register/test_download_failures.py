"""Failures of the register's download: rejections, invalid responses, proxies. No error contains
the key."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import traceback
from functools import partial
from urllib.parse import quote

import pytest
from aiohttp import web

from nobil_tui.register import download
from nobil_tui.register.download import DownloadError, DownloadTimeouts
from tests.conftest import GUARD, ServeRaw, guarded
from tests.http_service import body, sends, status, when_stuck
from tests.register.register_service import KEY, RegisterService
from tests.register.test_download import call, fail, fetch

CLOSED = "the connection to 127.0.0.1 closed before the response was complete"


# Rejections and errors


@pytest.mark.parametrize("code", [401, 403])
async def test_a_rejected_key_is_reported_in_the_servers_words(
    service: RegisterService, code: int
) -> None:
    service.answers.append(
        body(json.dumps({"error": "Wrong \x1b[2J key &amp; no other"}).encode(), code)
    )
    error = await fail(call(service.address))
    assert (error.refused, error.answered) == (True, True)
    assert str(error) == f"127.0.0.1 rejected the key: HTTP {code}: Wrong [2J key & no other"


@pytest.mark.parametrize(
    "said", [b"", b"<html>", b"[]", b'{"error": ""}', b'{"error": null}', b"\xff", b" " * 70_000]
)
async def test_a_rejection_with_unreadable_words(service: RegisterService, said: bytes) -> None:
    service.answers.append(body(said, 401))
    error = await fail(call(service.address))
    assert error.refused
    assert str(error) == "127.0.0.1 rejected the key: HTTP 401"


async def test_a_rejection_that_never_ends(service: RegisterService) -> None:
    service.answers.append(service.half_refused)
    assert (await fail(call(service.address, timeouts=DownloadTimeouts(complaint=0.1)))).refused


async def test_any_status_with_an_error_about_the_key_is_a_rejection(
    service: RegisterService,
) -> None:
    service.answers.append(body(b'{"error": "No such apikey"}', 400))
    error = await fail(call(service.address))
    assert error.refused
    assert str(error) == "127.0.0.1 rejected the key: HTTP 400: No such apikey"


@pytest.mark.parametrize("code", [204, 206, 304, 400, 404, 408, 429, 500, 502, 503])
async def test_reports_other_http_errors(service: RegisterService, code: int) -> None:
    service.answers.append(status(code))
    error = await fail(call(service.address))
    assert (str(error), error.refused, error.answered) == (
        f"127.0.0.1 answered HTTP {code}",
        False,
        True,
    )


async def test_reports_retry_after(service: RegisterService) -> None:
    for code in (403, 429):
        service.answers.append(body(b'{"error": "Too often"}', code, {"Retry-After": "90"}))
        error = await fail(call(service.address))
        assert not error.refused
        words = f"127.0.0.1 answered HTTP {code}: Too often, and asks to retry after 90 s"
        assert str(error) == words


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_does_not_follow_redirects(service: RegisterService, code: int) -> None:
    async with RegisterService() as elsewhere:
        service.answers.append(status(code, {"Location": elsewhere.address}))
        assert "points elsewhere: the key is not sent there" in str(
            await fail(call(service.address))
        )
        assert elsewhere.asked == []
    assert len(service.asked) == 1


@pytest.mark.parametrize("echo", [KEY, KEY.upper(), quote(KEY, safe="")])
async def test_a_key_quoted_by_the_server_is_removed(service: RegisterService, echo: str) -> None:
    # As PHP writes it, and where a long text is shortened.
    said = json.dumps({"error": "x" * 110 + f"'{echo}' is not known"}).replace("/", "\\/").encode()
    service.answers.append(body(said, 500))
    error = str(await fail(call(service.address)))
    assert error == "127.0.0.1 answered HTTP 500: " + "x" * 110 + "'…' is not…"


# Invalid answers


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "x"])
async def test_reports_an_encoding_that_was_not_requested(
    service: RegisterService, encoding: str
) -> None:
    service.answers.append(body(b"1", headers={"Content-Encoding": encoding}))
    assert "encoding" in str(await fail(call(service.address)))


@pytest.mark.parametrize("told", [True, False])
async def test_stops_reading_an_endless_answer(
    service: RegisterService, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Length": str(10**9)} if told else None)
        await response.prepare(request)
        while True:
            await response.write(bytes(1 << 16))
            sent += 1 << 16

    monkeypatch.setattr(download, "MAX_DUMP", 1 << 20)
    service.answers.append(endless)
    assert "more than 1 MB" in str(await fail(call(service.address)))
    # The socket buffers on the way cannot be controlled.
    assert sent < 64 << 20


async def test_times_out_without_an_answer(service: RegisterService) -> None:
    service.answers.append(service.never)
    error = await when_stuck(service, service.answers, service.never, partial(_late, service))
    assert (str(error), error.answered) == ("127.0.0.1 does not answer", False)


async def _late(service: RegisterService, silence: float) -> DownloadError:
    return await fail(call(service.address, timeouts=DownloadTimeouts(silence=silence)))


async def test_times_out_during_an_answer(service: RegisterService) -> None:
    silence, error = 0.1, None
    # On a busy machine, not even the status may come in time.
    while error is None or not error.answered:
        assert silence < GUARD
        service.answers.append(service.half)
        error = await _late(service, silence)
        said = f"127.0.0.1 stopped sending: no data for {silence:g} s"
        silence *= 4
    assert str(error) == said


@pytest.mark.parametrize("stuck", ["never", "half"])
async def test_cancellation_ends_a_request_at_once(service: RegisterService, stuck: str) -> None:
    service.answers.append(getattr(service, stuck))
    fetching = asyncio.create_task(fetch(call(service.address)))
    await guarded(service.reached.wait())
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(fetching)


async def test_reports_a_refused_connection() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        error = await fail(call(f"http://127.0.0.1:{port}/"))
    assert (str(error), error.refused, error.answered) == (
        f"nothing listens at 127.0.0.1:{port}",
        False,
        False,
    )


@pytest.mark.parametrize(
    ("scheme", "answer", "reason"),
    [
        ("https", b"HTTP/1.1 200 OK\r\n\r\n", "127.0.0.1:PORT does not use TLS; try http://"),
        ("http", b"", CLOSED),
        ("http", b"\0\1\2 what?\r\n\r\n", "127.0.0.1 does not answer as a web server does"),
        (
            "http",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
            CLOSED,
        ),
        (
            "http",
            b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{",
            "127.0.0.1 does not answer as a web server does",
        ),
        (
            "http",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12",
            CLOSED,
        ),
    ],
)
async def test_reports_a_server_that_does_not_speak_http(
    serve_raw: ServeRaw, scheme: str, answer: bytes, reason: str
) -> None:
    port = await serve_raw(sends(answer))
    error = await fail(call(f"{scheme}://127.0.0.1:{port}/"))
    assert str(error) == reason.replace("PORT", str(port))


# Proxies


async def test_a_proxy_does_not_see_the_key_of_an_https_request(
    serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()

    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{await serve_raw(handle)}")
    error = await fail(call("https://nobil.invalid/x"))
    assert str(error) == "the proxy in the environment answered HTTP 407"
    assert asked[0].startswith(b"CONNECT nobil.invalid:443 ")
    assert KEY.encode() not in asked[0]
    assert quote(KEY, safe="").encode() not in asked[0]


async def test_reports_an_unusable_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://me:s3cret@127.0.0.1:1080")
    error = await fail(call("https://nobil.invalid/x"))
    assert "SOCKS" in str(error)
    assert "s3cret" not in str(error)
    assert not error.answered


async def test_no_proxy_is_used_for_this_machine(
    service: RegisterService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:1")
    assert await fetch(call(service.address)) is not None


# Secrets


async def test_errors_and_logs_do_not_contain_the_key(
    service: RegisterService, caplog: pytest.LogCaptureFixture, serve_raw: ServeRaw
) -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + request)
        await writer.drain()

    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    asking = call(service.address)
    await fetch(asking)
    said = [repr(asking), repr(asking.download)]
    service.answers.extend(
        [
            body(json.dumps({"error": f"{KEY} {quote(KEY, safe='')}"}).encode(), 403),
            status(429),
            status(302, {"Location": f"/?{KEY}"}),
            body(b"1", headers={"Content-Encoding": KEY}),
        ]
    )
    errors = [await fail(asking) for _ in range(len(service.answers))]
    for answer in (service.never, service.half):
        late = partial(_late, service)
        errors.append(await when_stuck(service, service.answers, answer, late))
    errors.append(await fail(call(f"http://127.0.0.1:{await serve_raw(garbage)}/")))
    for error in errors:
        # The library's own exceptions contain the request with the key.
        assert error.__cause__ is None
        assert error.__context__ is None or error.__suppress_context__
        said += [str(error), repr(error), "".join(traceback.format_exception(error))]
    for text in (*said, caplog.text):
        assert KEY not in text
        assert quote(KEY, safe="") not in text
