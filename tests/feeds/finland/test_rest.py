"""The REST client of Finland's service: requests, responses and failures."""

from __future__ import annotations

import gzip
import sys
import time

import pytest
from aiohttp import web

from nobil_tui.feeds.finland.rest import LOCATIONS, STATUSES, TARIFFS, FinlandRest
from nobil_tui.feeds.source import SourceError
from nobil_tui.feeds.transport.failures import UnreachableError
from nobil_tui.wire.finland import decode_statuses
from nobil_tui.wire.finland_register import decode_locations, decode_tariffs
from tests.conftest import FakeClock
from tests.feeds.finland_service import FinlandService
from tests.http_service import Answer

TIME = 1_764_668_286_000


async def test_downloads_complete_answers(service: FinlandService, clock: FakeClock) -> None:
    rest = FinlandRest(service.address, clock=clock)
    answers = [await rest.get(path) for path in (STATUSES, TARIFFS, LOCATIONS)]
    statuses, tariffs, locations = (answer.body for answer in answers if answer is not None)
    assert len(decode_statuses(statuses).statuses) == 12
    facts = decode_locations(locations, decode_tariffs(tariffs)).facts
    assert len(facts) == 5
    assert all(each.price is not None for each in facts.values())
    for _, headers in service.requests:
        assert headers["Accept-Encoding"] == "gzip"
        assert headers["Digitraffic-User"].startswith("nobil-tui/")


async def test_sends_the_etag_of_a_known_answer(service: FinlandService, clock: FakeClock) -> None:
    rest = FinlandRest(service.address, clock=clock)
    first = await rest.get(LOCATIONS)
    assert first is not None
    assert await rest.get(LOCATIONS, first.etag) is None


async def test_follows_a_redirect_of_the_same_service(
    service: FinlandService, clock: FakeClock
) -> None:
    rest = FinlandRest(service.address, clock=clock)
    assert await rest.get("locations?limit=ALL") is not None
    assert service.paths() == ["locations", LOCATIONS]


async def test_sends_no_request_before_retry_after_of_a_429(
    service: FinlandService, clock: FakeClock
) -> None:
    rest = FinlandRest(service.address, clock=clock)
    service.fail(STATUSES, 429, Retry_After="120")
    with pytest.raises(UnreachableError, match=r"HTTP 429 \(too many requests\)") as failed:
        await rest.get(STATUSES)
    assert failed.value.retry_after == 120
    clock.advance(20)
    with pytest.raises(UnreachableError, match="asked us to wait") as failed:
        await rest.get(STATUSES)
    assert failed.value.retry_after == 100
    assert len(service.requests) == 1
    clock.advance(100)
    assert await rest.get(STATUSES) is not None


@pytest.mark.parametrize("status", [403, 406, 500, 503])
async def test_a_failure_names_the_http_status(
    service: FinlandService, clock: FakeClock, status: int
) -> None:
    service.fail(STATUSES, status)
    with pytest.raises(UnreachableError, match=f"127.0.0.1 answered HTTP {status}"):
        await FinlandRest(service.address, clock=clock).get(STATUSES)


async def test_reports_a_damaged_answer(service: FinlandService, clock: FakeClock) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=gzip.compress(b"x" * 1000)[:-20], headers={"Content-Encoding": "gzip"}
        )

    service.answers[STATUSES].append(cut)
    with pytest.raises(UnreachableError, match="sent a response that cannot be read: "):
        await FinlandRest(service.address, clock=clock).get(STATUSES)


async def test_measures_a_wrong_server_clock(service: FinlandService, clock: FakeClock) -> None:
    rest = FinlandRest(service.address, clock=clock)
    for skew in (0, 1_500, 3_600_000, -7_200_000):
        service.skew = skew
        answer = await rest.get(STATUSES)
        assert answer is not None
        assert answer.skew == (skew if abs(skew) > 2_000 else 0)


@pytest.mark.skipif(sys.platform == "win32", reason="the zone of a process cannot be set there")
async def test_a_date_without_a_zone_is_in_gmt(
    service: FinlandService, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever this machine is."""
    texts = {"Tue, 02 Dec 2025 09:38:06": TIME, "Tue, 02 Dec 2025 09:38:06 -0000": TIME, "soon": 0}
    dated = [_answer({"Last-Modified": text}) for text in texts]
    service.answers[STATUSES].extend(dated)
    rest = FinlandRest(service.address, clock=clock)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC-2")
        time.tzset()
        answers = [await rest.get(STATUSES) for _ in texts]
    time.tzset()
    assert [answer.modified_at for answer in answers if answer is not None] == [*texts.values()]


def _answer(headers: dict[str, str]) -> Answer:
    async def respond(_request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip", **headers}
        )

    return respond


async def test_a_cached_answer_says_nothing_of_the_server_clock(
    service: FinlandService, clock: FakeClock
) -> None:
    """A cache keeps the date of the answer, and says how old it is."""
    rest = FinlandRest(service.address, clock=clock)
    service.cached_for = 45
    answer = await rest.get(STATUSES)
    assert answer is not None
    assert (answer.skew, answer.cached_for) == (0, 45_000)
    for age in ("-1", "1e3", "٣", "9" * 4000, "soon"):
        service.answers[STATUSES].append(_answer({"Age": age}))
        answer = await rest.get(STATUSES)
        assert answer is not None
        assert answer.cached_for == 0


async def test_reports_a_refused_connection(clock: FakeClock) -> None:
    with pytest.raises(UnreachableError, match=r"nothing listens at 127\.0\.0\.1:1$"):
        await FinlandRest("http://127.0.0.1:1/api", clock=clock).get(STATUSES)


@pytest.mark.parametrize("address", ["ftp://example.org", "example.org", "https://"])
def test_rejects_an_address_that_is_not_http(address: str) -> None:
    with pytest.raises(SourceError, match=r"under \[finland\]"):
        FinlandRest(address)
