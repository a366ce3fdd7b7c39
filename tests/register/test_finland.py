"""Finland's locations and tariffs in the stored register, together with NOBIL's stations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import CREDIT, Facts, Register
from nobil_tui.feeds.finland.rest import LOCATIONS, TARIFFS, FinlandRest
from nobil_tui.register.cache import (
    FINLAND_ORIGIN,
    CachedRegister,
    Origin,
    load_register,
    origin_name,
    save_register,
)
from nobil_tui.register.finland import update_finland
from nobil_tui.register.merge import merged
from nobil_tui.register.progress import UpdateError, UpdateProgress
from nobil_tui.wire.finland import FINLAND_CREDIT
from tests.conftest import FakeClock
from tests.feeds.finland_service import Country, FinlandService
from tests.http_service import Answer, status

DAY = 24 * 3600


@pytest.fixture
async def service(clock: FakeClock) -> AsyncIterator[FinlandService]:
    async with FinlandService(Country(5, 12, at=clock.now()), clock) as service:
        yield service


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register"


@pytest.fixture
def rest(service: FinlandService, clock: FakeClock) -> FinlandRest:
    return FinlandRest(service.address, clock=clock)


async def test_stores_names_plugs_and_prices(
    path: Path, rest: FinlandRest, clock: FakeClock
) -> None:
    progress: list[UpdateProgress] = []
    cached = await update_finland(path, rest, on_progress=progress.append, clock=clock)
    assert cached is not None
    assert load_register(path) == cached
    assert len(cached.facts) == 5
    for facts in cached.facts.values():
        assert facts.name
        assert facts.position
        assert facts.plugs
        assert isinstance(facts.price, Price)
        assert facts.credit == FINLAND_CREDIT
    assert cached.origins[FINLAND_ORIGIN].stations == 5
    assert [each.words for each in progress] == [
        "Finland: connecting",
        "Finland: reading",
        "Finland: storing",
    ]


async def test_downloads_once_a_day(
    service: FinlandService, path: Path, rest: FinlandRest, clock: FakeClock
) -> None:
    await update_finland(path, rest, clock=clock)
    clock.advance(DAY - 1)
    assert await update_finland(path, rest, clock=clock) is None
    # The places of the first start come first.
    assert service.paths() == [LOCATIONS, TARIFFS]


async def test_unchanged_answers_are_not_sent_again(
    service: FinlandService, path: Path, rest: FinlandRest, clock: FakeClock
) -> None:
    first = await update_finland(path, rest, clock=clock)
    clock.advance(DAY)
    second = await update_finland(path, rest, clock=clock)
    assert first is not None
    assert second is not None
    assert second.facts == first.facts
    assert second.origins[FINLAND_ORIGIN].fetched_at == clock.now()
    assert [headers.get("If-None-Match") for _, headers in service.requests] == [
        None,
        None,
        '"tariffs"',
        '"locations"',
    ]


async def test_new_prices_reach_unchanged_stations(
    service: FinlandService, path: Path, rest: FinlandRest, clock: FakeClock
) -> None:
    await update_finland(path, rest, clock=clock)
    for tariff in service.country.tariffs:
        tariff["elements"][0]["priceComponents"][0] |= {"price": 1, "vat": 0}
    service.forget()
    clock.advance(DAY)
    service.answers[TARIFFS].append(service.answer_in_full)
    cached = await update_finland(path, rest, clock=clock)
    assert cached is not None
    assert all(facts.price is not None and facts.price.kwh == 1 for facts in cached.facts.values())


async def test_each_source_keeps_the_stations_of_the_other(
    path: Path, rest: FinlandRest, clock: FakeClock
) -> None:
    nobil = {
        "FIN_00001": Facts(name="Old entry", country="FIN"),
        "NOR_00001": Facts(name="Oslo", country="NOR"),
    }
    save_register(path, nobil, {"FIN": Origin(1, "nobil.no", 1), "NOR": Origin(1, "nobil.no", 1)})
    cached = await update_finland(path, rest, clock=clock)
    assert cached is not None
    assert cached.facts.items() >= nobil.items()
    assert {origin: each.stations for origin, each in cached.origins.items()} == {
        "FIN": 1,
        "NOR": 1,
        FINLAND_ORIGIN: 5,
    }
    again = merged(cached, {"FIN": {"FIN_00002": Facts(name="New entry")}}, Origin(2, "nobil.no"))
    assert set(again.facts) == (set(cached.facts) - {"FIN_00001"}) | {"FIN_00002"}
    register = Register(again.facts, credit=CREDIT)
    assert register.credits == [CREDIT, FINLAND_CREDIT] or register.credits == [
        FINLAND_CREDIT,
        CREDIT,
    ]
    assert register.credit_of("NOR_00001") == CREDIT
    assert {register.credit_of(station) for station in cached.facts if station not in nobil} == {
        FINLAND_CREDIT
    }


@pytest.mark.parametrize("failing", [TARIFFS, LOCATIONS])
async def test_a_failure_keeps_the_stored_register(
    service: FinlandService, path: Path, rest: FinlandRest, clock: FakeClock, failing: str
) -> None:
    before = await update_finland(path, rest, clock=clock)
    clock.advance(DAY)
    service.fail(failing, 503)
    with pytest.raises(
        UpdateError, match=r"Finland were not updated: 127\.0\.0\.1 answered HTTP 503\."
    ):
        await update_finland(path, rest, clock=clock)
    assert load_register(path) == before


async def unreadable(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"error": "no tariffs today"})


@pytest.mark.parametrize("answer", [status(503), unreadable])
async def test_without_tariffs_the_stations_have_no_prices_until_these_are_known(
    service: FinlandService, path: Path, rest: FinlandRest, clock: FakeClock, answer: Answer
) -> None:
    service.answers[TARIFFS].extend([answer] * 3)
    cached = await update_finland(path, rest, clock=clock)
    assert cached is not None
    assert all(facts.name and facts.price is None for facts in cached.facts.values())
    clock.advance(60)
    # The stations are not downloaded again as long as that adds nothing.
    assert await update_finland(path, rest, clock=clock) is None
    assert service.paths() == [LOCATIONS, TARIFFS, TARIFFS]
    clock.advance(DAY)
    cached = await update_finland(path, rest, clock=clock)
    assert cached is not None
    assert cached.origins[FINLAND_ORIGIN].fetched_at == clock.now()
    clock.advance(60)
    cached = await update_finland(path, rest, clock=clock)
    assert cached is not None
    assert all(facts.price is not None for facts in cached.facts.values())
    assert await update_finland(path, rest, clock=clock) is None
    assert service.paths()[3:] == [TARIFFS, LOCATIONS] * 2


async def test_unreadable_tariffs_keep_the_stored_prices(
    service: FinlandService, path: Path, rest: FinlandRest, clock: FakeClock
) -> None:
    before = await update_finland(path, rest, clock=clock)
    clock.advance(DAY)
    service.answers[TARIFFS].append(unreadable)
    with pytest.raises(UpdateError, match="no list of tariffs"):
        await update_finland(path, rest, clock=clock)
    assert load_register(path) == before


async def test_too_few_stations_are_not_stored(
    service: FinlandService, path: Path, rest: FinlandRest, clock: FakeClock
) -> None:
    before = await update_finland(path, rest, clock=clock)
    clock.advance(DAY)
    del service.country.features[2:]
    service.forget()
    service.answers[LOCATIONS].append(service.answer_in_full)
    with pytest.raises(
        UpdateError, match=r"Got only 2 stations of Finland \(Fintraffic\), but 5 are stored"
    ):
        await update_finland(path, rest, clock=clock)
    assert load_register(path) == before


def test_origin_name() -> None:
    assert origin_name(FINLAND_ORIGIN) == "Finland (Fintraffic)"
    assert origin_name("NOR") == "Norway"


def test_prices_are_stored(tmp_path: Path) -> None:
    prices = (Price(kwh=0.3, at_least=True), None, Price("SEK", minute=2.0, before_tax=True))
    facts = {
        "A": Facts(prices=prices, credit=FINLAND_CREDIT),
        "B": Facts(prices=prices),
        "C": Facts(),
    }
    save_register(tmp_path / "register", facts, {})
    assert load_register(tmp_path / "register") == CachedRegister(facts, {})
