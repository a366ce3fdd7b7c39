"""The token call against a real server: what it sends, what it takes, and what it says of everything else."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.feeds.source import SourceError
from nobil_tui.feeds.transport.enova_token import MAX_TOKEN_ANSWER, MAX_URL, TokenClient, url_of
from nobil_tui.feeds.transport.websocket import RefusedError, UnreachableError
from tests.conftest import START, FakeClock, ServeRaw, guarded
from tests.feeds.enova_service import KEY, Answer, EnovaService, body, refusal, status, token


@pytest.fixture
async def service(clock: FakeClock) -> AsyncIterator[EnovaService]:
    async with EnovaService(clock) as service:
        yield service


async def fail(call: TokenClient) -> RefusedError | UnreachableError:
    """Dial, and return how it failed."""
    with pytest.raises((RefusedError, UnreachableError)) as raised:
        await guarded(call.dial())
    assert isinstance(raised.value, (RefusedError, UnreachableError))
    return raised.value


async def unreachable(call: TokenClient) -> UnreachableError:
    error = await fail(call)
    assert isinstance(error, UnreachableError)
    return error


# What is sent, and a good answer


async def test_a_call_is_one_empty_post_with_the_key(service: EnovaService) -> None:
    url = await guarded(TokenClient(KEY, service.address).dial())
    assert url.endswith(service.issued[0])
    assert service.methods == ["POST /nobil/real-time/v1/Realtime"]
    assert service.bodies == [b""]
    (headers,) = service.calls
    assert headers.getall("x-api-key") == [KEY]
    assert headers.getall("Content-Length") == ["0"]
    assert "Content-Type" not in headers


async def test_each_dial_asks_for_another_url(service: EnovaService) -> None:
    call = TokenClient(KEY, service.address)
    assert await guarded(call.dial()) != await guarded(call.dial())
    assert len(service.calls) == 2


async def test_white_space_around_a_pasted_key_is_dropped(service: EnovaService) -> None:
    await guarded(TokenClient(f" {KEY}\n", service.address).dial())
    assert service.calls[0]["x-api-key"] == KEY


@pytest.mark.parametrize("key", ["", "  ", "a\r\nx-other: b", "kø", "a\0b"])
async def test_what_can_be_no_key_is_refused_without_a_call(service: EnovaService, key: str) -> None:
    error = await fail(TokenClient(key, service.address))
    assert isinstance(error, RefusedError)
    assert "key" in str(error)
    assert service.calls == []


@pytest.mark.parametrize(
    "address",
    ["", "nobil.example", "wss://nobil.example", "ftp://nobil.example", "https://", "https://a..b/", "http://h:0"],
)
def test_an_address_that_is_none_is_told_at_once(address: str) -> None:
    with pytest.raises(SourceError, match="https://"):
        TokenClient(KEY, address)


# Refusals


@pytest.mark.parametrize("code", [401, 403])
async def test_a_refused_key_is_told_in_the_words_of_the_server(service: EnovaService, code: int) -> None:
    service.answers.append(refusal(code, " Access denied:\x1b[2J \u202einvalid\nkey. "))
    error = await fail(TokenClient(KEY, service.address))
    assert isinstance(error, RefusedError)
    assert str(error) == f"HTTP {code}: Access denied:·[2J ·invalid·key."


@pytest.mark.parametrize("echo", [KEY, KEY.upper(), quote(KEY, safe="")])
async def test_a_key_that_the_server_quotes_is_not_repeated(service: EnovaService, echo: str) -> None:
    service.answers.append(refusal(401, f"'{echo}' is no key; {echo}"))
    assert str(await fail(TokenClient(KEY, service.address))) == "HTTP 401: '…' is no key; …"


async def test_a_long_reason_is_cut_after_the_key_was_taken_out(service: EnovaService) -> None:
    service.answers.append(refusal(401, "x" * 110 + KEY + "y" * 5000))
    said = str(await fail(TokenClient(KEY, service.address)))
    assert KEY[:5] not in said
    assert len(said) < 150


@pytest.mark.parametrize(
    "answer",
    [
        status(401),
        refusal(401, None),
        refusal(401, ["no"]),
        refusal(401, ""),
        body(b"<html>no</html>", 401),
        body(b'{"message": "\xff"}', 401),
        body(b"[" * 50_000, 401),
        refusal(401, "x" * (MAX_TOKEN_ANSWER + 1)),
        body(b"no gzip", 401, {"Content-Encoding": "gzip"}),
    ],
)
async def test_a_refusal_without_readable_words_is_one_all_the_same(service: EnovaService, answer: Answer) -> None:
    service.answers.append(answer)
    error = await fail(TokenClient(KEY, service.address))
    assert isinstance(error, RefusedError)
    assert str(error) == "HTTP 401"


async def test_a_refusal_that_never_ends_is_one_all_the_same(service: EnovaService) -> None:
    service.answers.append(service.half_refused)
    error = await fail(TokenClient(KEY, service.address, timeout=0.1))
    assert isinstance(error, RefusedError)


@pytest.mark.parametrize("code", [400, 404, 408, 429, 500, 502, 503])
async def test_any_other_status_may_pass(service: EnovaService, code: int) -> None:
    service.answers.append(status(code))
    error = await unreachable(TokenClient(KEY, service.address))
    assert str(error) == f"127.0.0.1 answered HTTP {code}"
    assert error.retry_after == 0


@pytest.mark.parametrize(
    ("text", "seconds"), [("17", 17), ("Tue, 14 Nov 2023 22:14:20 GMT", 60), ("999999", 3600), ("soon", 0), ("-5", 0)]
)
@pytest.mark.parametrize("code", [429, 503])
async def test_a_wait_that_is_asked_for_is_passed_on(
    service: EnovaService, clock: FakeClock, code: int, text: str, seconds: int
) -> None:
    assert START == 1_700_000_000_000  # 22:13:20 of that day
    service.answers.append(status(code, {"Retry-After": text}))
    assert (await unreachable(TokenClient(KEY, service.address, clock=clock))).retry_after == seconds


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_the_key_goes_nowhere_else(service: EnovaService, clock: FakeClock, code: int) -> None:
    async with EnovaService(clock) as elsewhere:
        service.answers.append(status(code, {"Location": elsewhere.address}))
        assert "points elsewhere" in str(await unreachable(TokenClient(KEY, service.address)))
        assert elsewhere.calls == []
    assert len(service.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        body(b""),
        body(b"<html>Sign in</html>"),
        body(b"[" * 50_000),
        body(b"null"),
        body(b'{"token": "wss://nobil.example/"}'),
        body(b'{"accessToken": "wss://nobil.example/\xff"}'),
        token(None),
        token(7),
        token(""),
        token("eyJhbGciOi"),
        token("https://nobil.example/x"),
        token("wss://"),
        token("wss://nobil.example/#part"),
        token("wss://nobil.example/\r\nx: y"),
        token("wss://nobil.example/a b"),
        token("wss://nobil..example/"),
        token("wss://nobil.example:99999/"),
        token("wss://[::1/"),
        token("wss://nobil.example/" + "x" * MAX_URL),
        body(b'{"accessToken": "wss://nobil.example/"}' + b" " * MAX_TOKEN_ANSWER),
        body(gzip.compress(b" " * 20_000_000), headers={"Content-Encoding": "gzip"}),
        status(204),
    ],
)
async def test_an_answer_without_a_token_may_pass(service: EnovaService, answer: Answer) -> None:
    service.answers.append(answer)
    assert str(await unreachable(TokenClient(KEY, service.address))) == "127.0.0.1 answered, but with no token"


async def test_a_broken_encoding_may_pass(service: EnovaService) -> None:
    service.answers.append(body(b"no gzip", headers={"Content-Encoding": "gzip"}))
    assert str(await unreachable(TokenClient(KEY, service.address))) == "127.0.0.1 gave no whole answer"


async def test_an_answer_that_does_not_come_or_does_not_end_is_given_up(service: EnovaService) -> None:
    for answer in (service.never, service.half):
        service.answers.append(answer)
        error = await unreachable(TokenClient(KEY, service.address, timeout=0.1))
        assert str(error) == "127.0.0.1 does not answer"


async def test_a_call_that_is_cancelled_ends_at_once(service: EnovaService) -> None:
    service.answers.append(service.never)
    calling = asyncio.create_task(TokenClient(KEY, service.address).dial())
    await guarded(service.called.wait())
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(calling)


async def test_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        error = await unreachable(TokenClient(KEY, f"http://127.0.0.1:{port}/"))
    assert str(error) == "nothing listens at 127.0.0.1"


@pytest.mark.parametrize(
    ("scheme", "answer", "reason"),
    [
        ("https", b"HTTP/1.1 200 OK\r\n\r\n", "no secure connection to 127.0.0.1"),
        ("http", b"", "127.0.0.1 gave no whole answer"),
        ("http", b"\0\1\2 what?\r\n\r\n", "127.0.0.1 does not answer as a web server does"),
        (
            "http",
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
            "127.0.0.1 does not answer as a web server does",
        ),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "127.0.0.1 gave no whole answer"),
    ],
)
async def test_a_server_that_is_none(serve_raw: ServeRaw, scheme: str, answer: bytes, reason: str) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    port = await serve_raw(handle)
    assert str(await unreachable(TokenClient(KEY, f"{scheme}://127.0.0.1:{port}/"))) == reason


# Which URLs are trusted


def test_an_unencrypted_socket_is_trusted_only_after_an_unencrypted_call() -> None:
    answer = json.dumps({"accessToken": "ws://nobil.example/x"}).encode()
    assert url_of(answer, plain=True) == "ws://nobil.example/x"
    assert url_of(answer, plain=False) is None
    assert url_of(answer.replace(b"ws:", b"WSS:"), plain=False) == "WSS://nobil.example/x"


@given(st.binary() | st.text().map(lambda text: json.dumps({"accessToken": f"wss://{text}"}).encode()))
@example(b'{"accessToken": "wss://nobil.example/x"}')
def test_whatever_comes_is_a_url_for_a_socket_or_nothing(answer: bytes) -> None:
    url = url_of(answer, plain=False)
    assert url is None or (url.lower().startswith("wss://") and url.isascii() and url.isprintable() and " " not in url)


async def test_no_failure_and_no_log_holds_a_secret(service: EnovaService, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    call = TokenClient(KEY, service.address, timeout=0.1)
    await guarded(call.dial())
    said = [repr(call), repr(call.dial)]
    service.answers.extend(
        [
            refusal(401, KEY),
            status(429),
            status(302, {"Location": f"/?{KEY}"}),
            token(f"https://{KEY}"),
            body(b"no gzip", headers={"Content-Encoding": "gzip"}),
            service.never,
            service.half,
        ]
    )
    while service.answers:
        error = await fail(call)
        # The library's own exceptions hold the request, and with it the key.
        assert error.__cause__ is None
        assert error.__context__ is None or error.__suppress_context__
        said += [str(error), repr(error), "".join(traceback.format_exception(error))]
    for text in (*said, caplog.text):
        for secret in service.secrets:
            assert secret not in text


def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, nobil_tui.feeds.transport.enova_token as e; e.TokenClient('k'); sys.exit('aiohttp' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # our own interpreter and our own words
