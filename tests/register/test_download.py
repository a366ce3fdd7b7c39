"""The register's download from a real server: requests and responses."""

from __future__ import annotations

import asyncio
import gzip
from urllib.parse import quote

import pytest
from aiohttp import web

from nobil_tui.base.redaction import Secret
from nobil_tui.feeds.source import SourceError
from nobil_tui.register.download import (
    Download,
    DownloadError,
    DownloadTimeouts,
    RegisterClient,
    Validators,
)
from tests.conftest import FakeClock, guarded
from tests.for_each import for_each
from tests.http_service import body
from tests.register.register_service import CHANGED, KEY, RegisterService, dump_of


def call(
    address: str,
    *,
    key: str = KEY,
    clock: FakeClock | None = None,
    timeouts: DownloadTimeouts | None = None,
) -> RegisterClient:
    return RegisterClient(Secret(key), address, clock=clock or FakeClock(), timeouts=timeouts)


async def fetch(
    asking: RegisterClient, known: Validators | None = None, country: str = "NOR"
) -> Download | None:
    return await guarded(asking.download(country, known or Validators(), lambda done, total: None))


async def fail(asking: RegisterClient) -> DownloadError:
    """Download; return the error."""
    with pytest.raises(DownloadError) as raised:
        await fetch(asking)
    return raised.value


# Request and answer


async def test_sends_one_get_with_the_key_in_the_url(service: RegisterService) -> None:
    answer = await fetch(call(service.address), country="SWE")
    assert answer is not None
    assert answer.body == dump_of(service.stations["SWE"])
    assert answer.version.last_modified == CHANGED
    (asked,) = service.asked
    assert asked.path == "/api/server/datadump.php"
    assert asked.query == {"apikey": KEY, "countrycode": "SWE", "file": "false", "format": "json"}
    assert asked.headers["Accept-Encoding"] == "gzip"
    assert not {"If-None-Match", "If-Modified-Since", "Cookie", "Authorization"} & {*asked.headers}


@pytest.mark.parametrize(
    ("query", "own"),
    [
        ("", {}),
        ("?", {}),
        ("?x=1&y=%20", {"x": "1", "y": " "}),
        ("?apikey=old&countrycode=DAN&x=", {"x": ""}),
        ("?x=1#part", {"x": "1"}),
    ],
)
async def test_an_address_may_have_a_query(
    service: RegisterService, query: str, own: dict[str, str]
) -> None:
    await fetch(call(service.address + query))
    assert service.asked[0].query == {
        **own,
        "apikey": KEY,
        "countrycode": "NOR",
        "file": "false",
        "format": "json",
    }


async def test_an_unchanged_version_is_not_sent_again(service: RegisterService) -> None:
    asking = call(service.address)
    first = await fetch(asking)
    assert first is not None
    assert await fetch(asking, first.version) is None
    asked = service.asked[1].headers
    assert asked["If-None-Match"] == first.version.etag
    assert asked["If-Modified-Since"] == CHANGED
    service.stations["NOR"].pop()
    second = await fetch(asking, first.version)
    assert second is not None
    assert second.version.etag != first.version.etag


@pytest.mark.parametrize("said", ["", "x" * 257, '"\x80é"', "a\tb"])
async def test_ignores_an_invalid_validator(service: RegisterService, said: str) -> None:
    service.answers.append(body(b"{}", headers={"ETag": said, "Last-Modified": said}))
    answer = await fetch(call(service.address))
    assert answer is not None
    assert answer.version == Validators()


@pytest.mark.parametrize("quoted", [KEY, quote(KEY, safe=""), KEY.lower(), KEY[:8]])
async def test_ignores_a_validator_that_quotes_the_key(
    service: RegisterService, quoted: str
) -> None:
    """It would be stored in the register file."""
    service.answers.append(body(b"{}", headers={"ETag": f'"v1-{quoted}"', "Last-Modified": quoted}))
    answer = await fetch(call(service.address))
    assert answer is not None
    assert answer.version == Validators()


async def test_a_compressed_answer_is_returned_compressed(service: RegisterService) -> None:
    zipped = gzip.compress(dump_of([]))
    service.answers.append(body(zipped, headers={"Content-Encoding": "gzip"}))
    answer = await fetch(call(service.address))
    assert answer is not None
    assert answer.body == zipped


async def test_reports_progress_ten_times_a_second(
    service: RegisterService, clock: FakeClock
) -> None:
    told: list[tuple[int, int | None]] = []
    parts = [b"a" * 10, b"b" * 10, b"c" * 10, b"d" * 10]
    read = asyncio.Event()

    async def slowly(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "40"})
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await read.wait()
            read.clear()
        return response

    def tell(done: int, total: int | None) -> None:
        told.append((done, total))
        clock.advance(0.1)
        read.set()

    service.answers.append(slowly)
    answer = await guarded(call(service.address, clock=clock).download("NOR", Validators(), tell))
    assert answer is not None
    assert answer.body == b"".join(parts)
    assert told == [(10, 40), (20, 40), (30, 40), (40, 40), (40, 40)]


async def test_does_not_report_progress_more_often(service: RegisterService) -> None:
    told: list[tuple[int, int | None]] = []
    service.answers.append(body(b"x" * 3_000_000))
    await guarded(
        call(service.address).download(
            "NOR", Validators(), lambda done, total: told.append((done, total))
        )
    )
    # The fake clock does not advance: only the first and the last bytes are reported.
    assert len(told) == 2
    assert told[-1] == (3_000_000, 3_000_000)


async def test_reports_progress_without_a_total_if_there_is_no_length(
    service: RegisterService,
) -> None:
    async def chunked(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b"12345")
        return response

    told: list[tuple[int, int | None]] = []
    service.answers.append(chunked)
    await guarded(
        call(service.address).download(
            "NOR", Validators(), lambda done, total: told.append((done, total))
        )
    )
    assert told[-1] == (5, None)


@pytest.mark.parametrize("key", ["", "  ", "a\r\nx-other: b", "kø", "a\0b"])
async def test_rejects_an_impossible_key_without_a_request(
    service: RegisterService, key: str
) -> None:
    error = await fail(call(service.address, key=key))
    assert (error.refused, error.answered) == (True, False)
    assert "key" in str(error)
    assert service.asked == []


@for_each(
    "address", ["", "nobil.example", "wss://nobil.example", "ftp://h", "https://", "https://a..b/"]
)
def test_rejects_an_invalid_address(address: str) -> None:
    with pytest.raises(SourceError, match="https://"):
        call(address)
