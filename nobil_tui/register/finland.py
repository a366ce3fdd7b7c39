"""Update the stored register with the locations and tariffs that Fintraffic publishes.

NOBIL's stations in Finland are not changed, and an update of NOBIL's stations does not change
these.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from nobil_tui.base.clock import Clock
from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.files import NotSavedError
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.feeds.finland.rest import LOCATIONS, TARIFFS, FinlandRest
from nobil_tui.feeds.transport.failures import UnreachableError
from nobil_tui.register.cache import FINLAND_ORIGIN, CachedRegister, CacheError, Origin
from nobil_tui.register.merge import (
    TooFewStationsError,
    edit_stored,
    is_recent,
    load_or_empty,
    mark_up_to_date,
    merged,
)
from nobil_tui.register.progress import OnProgress, UpdateError, UpdatePhase, UpdateProgress
from nobil_tui.wire.finland_register import (
    COUNTRY,
    Tariff,
    decode_locations,
    decode_places,
    decode_tariffs,
)

logger = logging.getLogger(__name__)

OnPlaces = Callable[[Mapping[str, str]], Awaitable[None]]
"""Gets the location of each EVSE."""


class _Prices(NamedTuple):
    """The decoded response with all tariffs."""

    tariffs: Mapping[str, Tariff]
    etag: str


async def _ignore_places(_places: Mapping[str, str]) -> None:
    """Do nothing."""


async def update_finland(
    path: Path,
    rest: FinlandRest,
    *,
    on_places: OnPlaces = _ignore_places,
    on_progress: OnProgress = lambda _: None,
    clock: Clock | None = None,
) -> CachedRegister | None:
    """Download locations and tariffs and store them at ``path``, at most once a day.

    ``on_places`` gets the location of each EVSE as soon as it is known, and is awaited before the
    rest is decoded. Returns what is stored now; None if nothing changed. Without tariffs, the
    stations are stored without prices if none are stored yet; then only the tariffs are downloaded
    again within the day. Raises ``UpdateError``.
    """
    clock = clock or Clock()
    try:
        origin = (await run_in_thread(lambda: load_or_empty(path))).origins.get(FINLAND_ORIGIN)
        if origin is not None and origin.source != rest.host:
            origin = None
        if (
            origin is not None
            and not origin.without_prices
            and is_recent(origin.fetched_at, clock.now())
        ):
            return None
        return await _update(path, rest, origin, on_places, on_progress, clock)
    except (UnreachableError, NotReadableError) as error:
        raise UpdateError(f"The stations of Finland were not updated: {error}.") from None
    except TooFewStationsError as error:
        raise UpdateError(f"The stations of Finland were not updated. {error}") from None
    except (CacheError, NotSavedError) as error:
        raise UpdateError(str(error)) from None


async def _update(
    path: Path,
    rest: FinlandRest,
    origin: Origin | None,
    on_places: OnPlaces,
    on_progress: OnProgress,
    clock: Clock,
) -> CachedRegister | None:
    on_progress(UpdateProgress(UpdatePhase.CONNECTING, COUNTRY))

    def on_bytes(done: int, total: int | None) -> None:
        on_progress(UpdateProgress(UpdatePhase.DOWNLOADING, COUNTRY, done, total))

    prices: _Prices | None = None
    problem = ""
    # Stations include their prices, so both responses are needed unless neither changed. Those that
    # are stored with prices stay as they are if the new prices are not known.
    if origin is not None:
        optional = origin.without_prices
        prices, problem = await _get_prices(rest, origin.tariffs_etag, optional=optional)
        if problem and is_recent(origin.fetched_at, clock.now()):
            return None
    locations = await rest.get(
        LOCATIONS, origin.etag if origin is not None and prices is None else "", on_bytes
    )
    if locations is None:
        assert origin is not None  # noqa: S101  # only with an ETag
        return await run_in_thread(partial(_mark_up_to_date, path, origin, clock))
    on_progress(UpdateProgress(UpdatePhase.READING, COUNTRY))
    # Before the prices: the first rows on screen wait for the places.
    await on_places(await run_in_thread(lambda: decode_places(locations.body)))
    if prices is None and not problem:
        prices, problem = await _get_prices(rest, optional=origin is None)
    tariffs = prices.tariffs if prices is not None else {}
    found = await run_in_thread(lambda: decode_locations(locations.body, tariffs))
    if not found.facts:
        raise NotReadableError(f"{rest.host} answered without any station")
    on_progress(UpdateProgress(UpdatePhase.STORING, COUNTRY))
    fresh = Origin(
        clock.now(),
        rest.host,
        len(found.facts),
        locations.etag,
        tariffs_etag=prices.etag if prices is not None else "",
        without_prices=bool(problem),
    )
    return await run_in_thread(
        lambda: edit_stored(path, lambda old: merged(old, {FINLAND_ORIGIN: found.facts}, fresh))
    )


def _mark_up_to_date(path: Path, seen: Origin, clock: Clock) -> CachedRegister | None:
    return edit_stored(path, lambda old: mark_up_to_date(old, FINLAND_ORIGIN, seen, clock.now()))


async def _get_prices(
    rest: FinlandRest, etag: str = "", *, optional: bool
) -> tuple[_Prices | None, str]:
    """Return the prices, None if they are still those that ``etag`` names; or why they are not
    known.

    Unless they are ``optional``, raises ``UnreachableError`` or ``NotReadableError`` for that.
    """
    try:
        response = await rest.get(TARIFFS, etag)
        if response is None:
            return None, ""
        return _Prices(
            await run_in_thread(lambda: decode_tariffs(response.body)), response.etag
        ), ""
    except (UnreachableError, NotReadableError) as error:
        if not optional:
            raise
        logger.warning("the prices of Finland are not known: %s", error)
        return None, str(error)
