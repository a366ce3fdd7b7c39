"""The token request to a real server: its contents, and all kinds of responses."""

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
from functools import partial
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.feeds.source import SourceError
from nobil_tui.feeds.transport.enova_token import MAX_TOKEN_RESPONSE, MAX_URL, TokenClient, url_of
from nobil_tui.feeds.transport.failures import RefusedError, UnreachableError
from tests.conftest import GUARD, START, FakeClock, ServeRaw, guarded
from tests.feeds.enova_service import KEY, EnovaService, refusal, token
from tests.for_each import for_each
from tests.http_service import Answer, body, sends, status, when_stuck

CLOSED = "the connection to 127.0.0.1 closed before the response was complete"


@pytest.fixture
async def service(clock: FakeClock) -> AsyncIterator[EnovaService]:
    async with EnovaService(clock) as service:
        yield service


async def fail(call: TokenClient) -> RefusedError | UnreachableError:
    """Dial; return the error."""
    with pytest.raises((RefusedError, UnreachableError)) as raised:
        await guarded(call.dial())
    assert isinstance(raised.value, (RefusedError, UnreachableError))
    return raised.value


async def unreachable(call: TokenClient) -> UnreachableError:
    error = await fail(call)
    assert isinstance(error, UnreachableError)
    return error


# Request and answer


async def test_sends_one_empty_post_with_the_key(service: EnovaService) -> None:
    url = await guarded(TokenClient(KEY, service.address).dial())
    assert url.endswith(service.issued[0])
    assert service.methods == ["POST /nobil/real-time/v1/Realtime"]
    assert service.bodies == [b""]
    (headers,) = service.calls
    assert headers.getall("x-api-key") == [KEY]
    assert headers.getall("Content-Length") == ["0"]
    assert "Content-Type" not in headers


async def test_each_dial_requests_a_new_url(service: EnovaService) -> None:
    call = TokenClient(KEY, service.address)
    assert await guarded(call.dial()) != await guarded(call.dial())
    assert len(service.calls) == 2


async def test_strips_white_space_around_the_key(service: EnovaService) -> None:
    await guarded(TokenClient(f" {KEY}\n", service.address).dial())
    assert service.calls[0]["x-api-key"] == KEY


@pytest.mark.parametrize("key", ["", "  ", "a\r\nx-other: b", "kø", "a\0b"])
async def test_rejects_an_impossible_key_without_a_request(service: EnovaService, key: str) -> None:
    error = await fail(TokenClient(key, service.address))
    assert isinstance(error, RefusedError)
    assert "key" in str(error)
    assert service.calls == []


@for_each(
    "address",
    [
        "",
        "nobil.example",
        "wss://nobil.example",
        "ftp://nobil.example",
        "https://",
        "https://a..b/",
        "http://h:0",
    ],
)
def test_rejects_an_invalid_address(address: str) -> None:
    with pytest.raises(SourceError, match="https://"):
        TokenClient(KEY, address)


# Refusals


@pytest.mark.parametrize("code", [401, 403])
async def test_a_rejected_key_is_reported_in_the_servers_words(
    service: EnovaService, code: int
) -> None:
    service.answers.append(refusal(code, " Access denied:\x1b[2J \u202einvalid\nkey. "))
    error = await fail(TokenClient(KEY, service.address))
    assert isinstance(error, RefusedError)
    assert str(error) == f"HTTP {code}: Access denied:·[2J ·invalid·key."


@pytest.mark.parametrize("echo", [KEY, KEY.upper(), quote(KEY, safe="")])
async def test_a_key_quoted_by_the_server_is_removed(service: EnovaService, echo: str) -> None:
    service.answers.append(refusal(401, f"'{echo}' is no key; {echo}"))
    assert str(await fail(TokenClient(KEY, service.address))) == "HTTP 401: '…' is no key; …"


async def test_a_long_reason_is_shortened_after_removing_the_key(service: EnovaService) -> None:
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
        refusal(401, "x" * (MAX_TOKEN_RESPONSE + 1)),
        body(b"no gzip", 401, {"Content-Encoding": "gzip"}),
    ],
)
async def test_a_rejection_with_unreadable_words(service: EnovaService, answer: Answer) -> None:
    service.answers.append(answer)
    error = await fail(TokenClient(KEY, service.address))
    assert isinstance(error, RefusedError)
    assert str(error) == "HTTP 401"


async def test_a_rejection_that_never_ends(service: EnovaService) -> None:
    timeout, error = 0.1, None
    # On a busy machine, not even the status may come in time.
    while not isinstance(error, RefusedError):
        assert timeout < GUARD
        service.answers.append(service.half_refused)
        error = await fail(TokenClient(KEY, service.address, timeout=timeout))
        timeout *= 4


@pytest.mark.parametrize("code", [400, 404, 408, 429, 500, 502, 503])
async def test_other_http_errors_are_temporary(service: EnovaService, code: int) -> None:
    service.answers.append(status(code))
    error = await unreachable(TokenClient(KEY, service.address))
    assert str(error) == f"127.0.0.1 answered HTTP {code}"
    assert error.retry_after == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("17", 17), ("Tue, 14 Nov 2023 22:14:20 GMT", 60), ("999999", 3600), ("soon", 0), ("-5", 0)],
)
@pytest.mark.parametrize("code", [429, 503])
async def test_returns_retry_after(
    service: EnovaService, clock: FakeClock, code: int, text: str, seconds: int
) -> None:
    assert START == 1_700_000_000_000  # 22:13:20 of that day
    service.answers.append(status(code, {"Retry-After": text}))
    assert (
        await unreachable(TokenClient(KEY, service.address, clock=clock))
    ).retry_after == seconds


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_does_not_follow_redirects(
    service: EnovaService, clock: FakeClock, code: int
) -> None:
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
        body(b'{"accessToken": "wss://nobil.example/"}' + b" " * MAX_TOKEN_RESPONSE),
        body(gzip.compress(b" " * 20_000_000), headers={"Content-Encoding": "gzip"}),
        status(204),
    ],
)
async def test_an_answer_without_a_token_is_temporary(
    service: EnovaService, answer: Answer
) -> None:
    service.answers.append(answer)
    assert (
        str(await unreachable(TokenClient(KEY, service.address)))
        == "127.0.0.1 answered, but with no token"
    )


async def test_a_403_with_retry_after_is_a_wait(service: EnovaService) -> None:
    service.answers.append(status(403, {"Retry-After": "60"}))
    error = await unreachable(TokenClient(KEY, service.address))
    assert (str(error), error.retry_after) == ("127.0.0.1 answered HTTP 403", 60.0)


async def test_an_invalid_encoding_is_temporary(service: EnovaService) -> None:
    service.answers.append(body(b"no gzip", headers={"Content-Encoding": "gzip"}))
    error = await unreachable(TokenClient(KEY, service.address))
    assert str(error) == "127.0.0.1 answered, but with no token"


async def test_reads_a_compressed_answer_within_a_limit(service: EnovaService) -> None:
    compressed = {"Content-Encoding": "gzip"}
    answer = gzip.compress(json.dumps({"accessToken": "ws://nobil.example/x"}).encode())
    service.answers.append(body(answer, headers=compressed))
    assert await guarded(TokenClient(KEY, service.address).dial()) == "ws://nobil.example/x"
    bomb = gzip.compress(b" " * (MAX_TOKEN_RESPONSE + 1))
    service.answers.append(body(bomb, headers=compressed))
    error = await unreachable(TokenClient(KEY, service.address))
    assert str(error) == "127.0.0.1 answered, but with no token"


async def test_times_out_without_a_complete_answer(service: EnovaService) -> None:
    for answer in (service.never, service.half):
        error = await when_stuck(service, service.answers, answer, partial(_late, service))
        assert str(error) == "127.0.0.1 does not answer"


async def _late(service: EnovaService, seconds: float) -> UnreachableError:
    return await unreachable(TokenClient(KEY, service.address, timeout=seconds))


async def test_cancellation_ends_a_request_at_once(service: EnovaService) -> None:
    service.answers.append(service.never)
    calling = asyncio.create_task(TokenClient(KEY, service.address).dial())
    await guarded(service.called.wait())
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(calling)


async def test_reports_a_refused_connection() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        error = await unreachable(TokenClient(KEY, f"http://127.0.0.1:{port}/"))
    assert str(error) == f"nothing listens at 127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("scheme", "answer", "reason"),
    [
        ("https", b"HTTP/1.1 200 OK\r\n\r\n", "127.0.0.1:PORT does not use TLS; try http://"),
        ("http", b"", CLOSED),
        ("http", b"\0\1\2 what?\r\n\r\n", "127.0.0.1 does not answer as a web server does"),
        (
            "http",
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
            "127.0.0.1 does not answer as a web server does",
        ),
        (
            "http",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
            CLOSED,
        ),
    ],
)
async def test_reports_a_server_that_does_not_speak_http(
    serve_raw: ServeRaw, scheme: str, answer: bytes, reason: str
) -> None:
    port = await serve_raw(sends(answer))
    error = await unreachable(TokenClient(KEY, f"{scheme}://127.0.0.1:{port}/"))
    assert str(error) == reason.replace("PORT", str(port))


# Trusted URLs


def test_trusts_an_unencrypted_url_only_after_an_unencrypted_request() -> None:
    answer = json.dumps({"accessToken": "ws://nobil.example/x"}).encode()
    assert url_of(answer, plain=True) == "ws://nobil.example/x"
    assert url_of(answer, plain=False) is None
    assert url_of(answer.replace(b"ws:", b"WSS:"), plain=False) == "WSS://nobil.example/x"


@given(
    st.binary() | st.text().map(lambda text: json.dumps({"accessToken": f"wss://{text}"}).encode())
)
@example(b'{"accessToken": "wss://nobil.example/x"}')
def test_any_answer_is_a_websocket_url_or_rejected(answer: bytes) -> None:
    url = url_of(answer, plain=False)
    assert url is None or (
        url.lower().startswith("wss://") and url.isascii() and url.isprintable() and " " not in url
    )


async def test_errors_and_logs_contain_no_secret(
    service: EnovaService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    call = TokenClient(KEY, service.address)
    await guarded(call.dial())
    said = [repr(call), repr(call.dial)]
    service.answers.extend(
        [
            refusal(401, KEY),
            status(429),
            status(302, {"Location": f"/?{KEY}"}),
            token(f"https://{KEY}"),
            body(b"no gzip", headers={"Content-Encoding": "gzip"}),
        ]
    )
    errors: list[Exception] = [await fail(call) for _ in range(len(service.answers))]
    for answer in (service.never, service.half):
        late = partial(_late, service)
        errors.append(await when_stuck(service, service.answers, answer, late))
    for error in errors:
        # The library's own exceptions contain the request with the key.
        assert error.__cause__ is None
        assert error.__context__ is None or error.__suppress_context__
        said += [str(error), repr(error), "".join(traceback.format_exception(error))]
    for text in (*said, caplog.text):
        for secret in service.secrets:
            assert secret not in text


def test_aiohttp_is_imported_lazily() -> None:
    code = (
        "import sys, nobil_tui.feeds.transport.enova_token as e; e.TokenClient('k'); "
        "sys.exit('aiohttp' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # A fixed command of our own.
