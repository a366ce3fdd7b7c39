"""Resuming the register's download, if the server can tell that the response is unchanged."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress

import pytest
from aiohttp import web

from nobil_tui.register import download
from nobil_tui.register.download import (
    MAX_REQUESTS,
    Download,
    DownloadError,
    DownloadTimeouts,
    Validators,
)
from tests.conftest import GUARD, FakeClock, guarded, settle
from tests.http_service import Answer as Handler
from tests.http_service import body, status
from tests.register.register_service import KEY, RegisterService, dump_of, stations
from tests.register.test_download import call

WHOLE = dump_of(stations("NOR", 20))
CUT = 700
ETAG = '"v1"'
LATER = "Tue, 14 Nov 2023 22:15:00 GMT"
CHANGED = "Tue, 14 Nov 2023 22:13:20 GMT"
RANGES = {"Accept-Ranges": "bytes", "ETag": ETAG}


class Loading:
    """A download from a server that breaks off once its data have been read."""

    def __init__(self, service: RegisterService, clock: FakeClock) -> None:
        self.service = service
        self.clock = clock
        self.told: list[tuple[int, int | None]] = []
        self._read = asyncio.Event()
        self.silence = GUARD

    def start(self, known: Validators | None = None) -> asyncio.Task[Download | None]:
        asking = call(
            self.service.address, clock=self.clock, timeouts=DownloadTimeouts(silence=self.silence)
        )
        return asyncio.create_task(asking.download("NOR", known or Validators(), self._tell))

    async def waits(self) -> float:
        """Wait until the client sleeps, advance the clock, and return the delay in seconds."""
        await guarded(self.clock.asleep())
        (seconds,) = self.clock.sleepers
        self.clock.advance(seconds)
        await settle()
        return seconds

    def _tell(self, done: int, total: int | None) -> None:
        self.told.append((done, total))
        # Every chunk is reported, not only ten per second.
        self.clock.advance(0.1)
        self._read.set()

    def part(
        self,
        sent: bytes,
        headers: dict[str, str],
        code: int = 200,
        *,
        length: int = len(WHOLE),
        hangs: bool = False,
    ) -> Handler:
        """Send that many bytes, then break off."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(
                status=code, headers={"Content-Length": str(length), **headers}
            )
            await response.prepare(request)
            self._read.clear()
            await response.write(sent)
            if hangs:
                return await self.service.never(request)
            await self._read.wait()
            assert request.transport is not None
            request.transport.abort()
            return response

        return answer

    def first(self, headers: dict[str, str] = RANGES, *, hangs: bool = False) -> None:
        """Break off during the first answer."""
        self.service.answers.append(self.part(WHOLE[:CUT], headers, hangs=hangs))


def rest(start: int = CUT, end: int | None = None, headers: dict[str, str] = RANGES) -> Handler:
    """Return the part from ``start`` to ``end``."""
    sent = WHOLE[start:end]
    said = f"bytes {start}-{start + len(sent) - 1}/{len(WHOLE)}"
    return body(sent, 206, {"Content-Range": said, **headers})


@pytest.fixture
async def loading(service: RegisterService, clock: FakeClock) -> Loading:
    return Loading(service, clock)


async def test_requests_only_the_rest(loading: Loading) -> None:
    loading.first()
    loading.service.answers.append(rest())
    task = loading.start(Validators('"v0"', CHANGED))
    assert 0.8 <= await loading.waits() <= 1.2
    assert await guarded(task) == Download(bytearray(WHOLE), Validators(ETAG))
    first, second = loading.service.asked
    assert first.headers["If-None-Match"] == '"v0"'
    assert "Range" not in first.headers
    assert (second.headers["Range"], second.headers["If-Range"]) == (f"bytes={CUT}-", ETAG)
    assert not {"If-None-Match", "If-Modified-Since"} & {*second.headers}
    assert second.query == first.query
    assert loading.told[-1] == (len(WHOLE), len(WHOLE))
    assert (CUT, len(WHOLE)) in loading.told


async def test_requests_only_the_rest_after_a_silence(
    service: RegisterService, clock: FakeClock
) -> None:
    silence, answer = 0.1, None
    while answer is None:
        loading = Loading(service, clock)
        loading.silence = silence
        service.answers.clear()
        loading.first(hangs=True)
        service.answers.append(rest())
        task = loading.start()
        sleeping = asyncio.create_task(clock.asleep())
        await guarded(asyncio.wait([task, sleeping], return_when=asyncio.FIRST_COMPLETED))
        if sleeping.done():
            await loading.waits()
        sleeping.cancel()
        # On a busy machine, other answers may not come in time.
        with suppress(DownloadError):
            answer = await guarded(task)
        silence *= 4
        assert silence < GUARD
    assert answer == Download(bytearray(WHOLE), Validators(ETAG))
    assert service.asked[-1].headers["Range"] == f"bytes={CUT}-"


async def test_resumes_by_last_modified(loading: Loading) -> None:
    headers = {"Accept-Ranges": "bytes", "ETag": 'W/"v1"', "Last-Modified": CHANGED, "Date": LATER}
    loading.first(headers)
    loading.service.answers.append(rest())
    task = loading.start()
    await loading.waits()
    answer = await guarded(task)
    assert answer is not None
    assert answer.body == WHOLE
    assert loading.service.asked[1].headers["If-Range"] == CHANGED


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ETag": ETAG},
        {"ETag": ETAG, "Accept-Ranges": "none"},
        {"Accept-Ranges": "bytes"},
        {"Accept-Ranges": "bytes", "ETag": 'W/"v1"'},
        {"Accept-Ranges": "bytes", "ETag": f'"{KEY}"'},
        {"Accept-Ranges": "bytes", "Last-Modified": CHANGED, "Date": CHANGED},
        {"Accept-Ranges": "bytes", "Last-Modified": "of late", "Date": LATER},
        {
            "Accept-Ranges": "bytes",
            "Last-Modified": "Tue, 14 Nov 2023 22:13:20 -0000",
            "Date": LATER,
        },
    ],
)
async def test_does_not_resume_without_a_strong_validator(
    loading: Loading, headers: dict[str, str]
) -> None:
    loading.first(headers)
    with pytest.raises(
        DownloadError,
        match=r"the connection to 127\.0\.0\.1 closed before the response was complete",
    ):
        await guarded(loading.start())
    assert len(loading.service.asked) == 1


async def test_downloads_a_changed_answer_completely(loading: Loading) -> None:
    loading.first()
    other = dump_of(stations("NOR", 5))
    loading.service.answers.append(body(other, headers={"ETag": '"v2"'}))
    task = loading.start()
    await loading.waits()
    assert await guarded(task) == Download(bytearray(other), Validators('"v2"'))


async def test_resumes_several_times(loading: Loading) -> None:
    loading.first()
    middle = {"Content-Range": f"bytes {CUT}-{len(WHOLE) - 1}/{len(WHOLE)}", **RANGES}
    loading.service.answers.append(
        loading.part(WHOLE[CUT : 2 * CUT], middle, 206, length=len(WHOLE) - CUT)
    )
    loading.service.answers.append(rest(2 * CUT))
    task = loading.start()
    waits = [await loading.waits(), await loading.waits()]
    answer = await guarded(task)
    assert answer is not None
    assert answer.body == WHOLE
    assert 1.6 <= waits[1] <= 2.4
    assert [asked.headers.get("Range") for asked in loading.service.asked] == [
        None,
        f"bytes={CUT}-",
        f"bytes={2 * CUT}-",
    ]


async def test_gives_up_after_max_requests(loading: Loading) -> None:
    loading.first()
    for start in range(CUT, CUT + MAX_REQUESTS):
        said = {"Content-Range": f"bytes {start}-{len(WHOLE) - 1}/{len(WHOLE)}"}
        part = loading.part(WHOLE[start : start + 1], said, 206, length=len(WHOLE) - start)
        loading.service.answers.append(part)
    task = loading.start()
    waits = [await loading.waits() for _ in range(MAX_REQUESTS - 1)]
    with pytest.raises(DownloadError) as raised:
        await guarded(task)
    assert waits == sorted(waits)
    # The server did answer, so an automatic update waits for a day.
    assert raised.value.answered
    assert KEY not in str(raised.value)
    assert len(loading.service.asked) == MAX_REQUESTS


@pytest.mark.parametrize(
    "answer",
    [
        rest(CUT - 1),
        rest(CUT + 1),
        rest(headers={"Content-Range": "bytes */9"}),
        rest(headers={"Content-Range": f"bytes {CUT}-{10**13}/{10**13}"}),
        rest(headers={"Content-Encoding": "gzip"}),
        body(WHOLE[CUT:], 206),
    ],
)
async def test_rejects_a_part_that_was_not_requested(loading: Loading, answer: Handler) -> None:
    loading.first()
    loading.service.answers.append(answer)
    task = loading.start()
    await loading.waits()
    with pytest.raises(DownloadError, match="different part of its response"):
        await guarded(task)


async def test_rejects_an_incomplete_rest(loading: Loading) -> None:
    loading.first()
    loading.service.answers.append(rest(CUT, 2 * CUT))
    task = loading.start()
    await loading.waits()
    with pytest.raises(DownloadError, match="closed before the response was complete"):
        await guarded(task)


@pytest.mark.parametrize("code", [304, 404, 416, 503])
async def test_reports_an_error_when_resuming(loading: Loading, code: int) -> None:
    loading.first()
    loading.service.answers.append(status(code))
    task = loading.start(Validators('"v0"'))
    await loading.waits()
    with pytest.raises(DownloadError, match=f"HTTP {code}"):
        await guarded(task)
    assert len(loading.service.asked) == 2


async def test_parts_together_must_not_exceed_the_maximum(
    loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MAX_DUMP", len(WHOLE) - 1)
    loading.service.answers.append(loading.part(WHOLE[:CUT], RANGES, length=CUT + 1))
    loading.service.answers.append(
        body(WHOLE[CUT:], 206, {"Content-Range": f"bytes {CUT}-{len(WHOLE)}/*"})
    )
    task = loading.start()
    await loading.waits()
    with pytest.raises(DownloadError, match="a register is smaller"):
        await guarded(task)


async def test_joins_compressed_parts(loading: Loading) -> None:
    zipped = gzip.compress(WHOLE)
    half = len(zipped) // 2
    headers = {**RANGES, "Content-Encoding": "gzip"}
    loading.service.answers.append(loading.part(zipped[:half], headers, length=len(zipped)))
    said = f"bytes {half}-{len(zipped) - 1}/{len(zipped)}"
    loading.service.answers.append(body(zipped[half:], 206, {**headers, "Content-Range": said}))
    task = loading.start()
    await loading.waits()
    answer = await guarded(task)
    assert answer is not None
    assert gzip.decompress(answer.body) == WHOLE


async def test_resumes_after_a_connection_without_an_answer(loading: Loading) -> None:
    async def hangs_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    loading.first()
    # The library itself retries once if the connection is closed without a response.
    loading.service.answers.extend([hangs_up, hangs_up, rest()])
    task = loading.start()
    await loading.waits()
    await loading.waits()
    answer = await guarded(task)
    assert answer is not None
    assert answer.body == WHOLE


async def test_can_be_cancelled_while_waiting(loading: Loading) -> None:
    loading.first()
    task = loading.start()
    await guarded(loading.clock.asleep())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(task)
    assert len(loading.service.asked) == 1
