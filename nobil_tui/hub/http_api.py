"""The HTTP side of the hub: REST of version 1, health, metrics and a map layer.

A connection serves one request: the door hands it over with that request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Hashable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Register, country_of
from nobil_tui.hub import requests
from nobil_tui.hub.denial import Denial
from nobil_tui.hub.geojson import FilterError, MapLayer, filter_of, parse_map_filter
from nobil_tui.hub.http_response import PREFLIGHT, HttpResponse, error_response, send_response
from nobil_tui.hub.large_responses import LargeResponses
from nobil_tui.hub.metrics import Health, Labels, metrics_text, tally_of
from nobil_tui.hub.requests import Target, client_address, given_keys, parse_target
from nobil_tui.hub.server import Hub
from nobil_tui.search.places import Places
from nobil_tui.wire.hub_register import encode_hub_register
from nobil_tui.wire.v1_encode import charger_object, connector_object

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest, StreamResponse

    from nobil_tui.hub.http_server import HttpServer

REST = "/api/v1/rest/"
LIST_SECONDS = 1.0
"""Seconds for which a large list is served again, although the board has changed."""
GEOJSON_SECONDS = 2.0
UNCONFIRMED_STEP = 10_000
"""Milliseconds after which a map layer is made again while the link is down."""

_CONNECTOR_NUMBER = re.compile(r"[0-9]{2,4}+")
_STATION = re.compile(r"[A-Z]{3}_[0-9]{1,12}")
_COUNTRY = re.compile(r"[A-Z]{3}")


class HttpApi:
    """Answer the HTTP requests of a hub, about the same board.

    ``register`` returns the register with names and positions, which may be replaced. ``health``
    returns the state of the link. ``clock`` is the clock of the board's times.
    """

    def __init__(
        self,
        hub: Hub,
        board: Board,
        register: Callable[[], Register],
        health: Callable[[], Health],
        clock: Clock,
    ) -> None:
        self._hub = hub
        self._board = board
        self._register = register
        self._health = health
        self._clock = clock
        self._map = MapLayer(hub.served.about)
        self._large = LargeResponses(clock)
        self._places: Places | None = None
        self._places_of: Register | None = None
        self._tally: Mapping[Labels, int] = {}
        self._tallied_at = -LIST_SECONDS
        self._server: HttpServer | None = None

    def connection(self) -> asyncio.Protocol:
        """Return a new connection of the HTTP server."""
        from nobil_tui.hub.http_server import HttpServer

        if self._server is None:
            self._server = HttpServer(self._handle, self._refused)
        return self._server.connection()

    def _refused(self, status: HTTPStatus) -> bytes:
        self._hub.counts.refused[status] += 1
        return error_response(status).content

    # Requests

    async def _handle(self, request: BaseRequest) -> StreamResponse:
        origin = self._allowed_origin(request.headers.get("Origin"))
        if request.method == "OPTIONS" and origin:
            response = PREFLIGHT
        else:
            response = await self._answer(
                request, parse_target(request.path_qs, self._hub.path_prefix)
            )
        if response.status >= HTTPStatus.BAD_REQUEST:
            self._hub.counts.refused[response.status] += 1
        return await send_response(request, response, origin)

    async def _answer(self, request: BaseRequest, target: Target) -> HttpResponse:
        handler = self._handler(target)
        if handler is None:
            return error_response(HTTPStatus.NOT_FOUND)
        if request.method not in ("GET", "HEAD"):
            return error_response(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", "GET, HEAD"))
        if target.path != "/healthz":
            peer, header = request.remote or "", _header_of(request)
            address = client_address(peer, header, behind_proxy=self._hub.behind_proxy)
            checked = self._hub.key_check.check(given_keys(target, header), address)
            if isinstance(checked, Denial):
                # The hub has counted it.
                self._hub.counts.refused[checked.status] -= 1
                retry = str(checked.retry_after)
                headers = (("Retry-After", retry),) if checked.retry_after else ()
                return error_response(checked.status, *headers)
        return await handler()

    def _handler(self, target: Target) -> Callable[[], Awaitable[HttpResponse]] | None:
        path = target.path
        if path == "/healthz":
            return self._healthz
        if path == "/metrics":
            return self._metrics
        if path == "/stations.geojson":
            return lambda: self._geojson(target.query)
        if path == requests.REGISTER_PATH:
            return self._names
        if path in requests.STREAM_PATHS:
            return _upgrade
        if not path.startswith(REST):
            return None
        kind, _, name = path.removeprefix(REST).partition("/")
        name = unquote(name)
        if kind == "connector" and name:
            return lambda: self._connector(name)
        if kind == "charger" and name:
            return lambda: self._charger(name)
        if kind == "chargers":
            return lambda: self._chargers(name)
        return None

    def _allowed_origin(self, origin: str | None) -> str:
        allowed = self._hub.limits.cors_origins
        if origin is None or not allowed:
            return ""
        return "*" if "*" in allowed else origin if origin in allowed else ""

    # The four paths of version 1

    async def _connector(self, name: str) -> HttpResponse:
        charger, _, number = name.rpartition("_")
        if not charger or _CONNECTOR_NUMBER.fullmatch(number) is None:
            return error_response(HTTPStatus.BAD_REQUEST)
        station = self._board.stations.get(charger)
        index = int(number) - 1
        if station is None:
            return self._unknown(charger)
        if not 0 <= index < len(station.connectors):
            return error_response(HTTPStatus.NOT_FOUND)
        return HttpResponse(connector_object(station, index))

    async def _charger(self, name: str) -> HttpResponse:
        station = self._board.stations.get(name)
        if station is None:
            return self._unknown(name)
        return HttpResponse(charger_object(station, self._hub.served.row(station)))

    async def _chargers(self, country: str) -> HttpResponse:
        if country and _COUNTRY.fullmatch(country) is None:
            return error_response(HTTPStatus.BAD_REQUEST)
        name, source = f"chargers/{country}", self._versions()
        body = await self._large.get(name, source, LIST_SECONDS, lambda: self._list(country))
        if country and body.content == b"[]":
            return error_response(HTTPStatus.NOT_FOUND)
        return HttpResponse(b"", body=body)

    def _unknown(self, station: str) -> HttpResponse:
        malformed = _STATION.fullmatch(station) is None
        return error_response(HTTPStatus.BAD_REQUEST if malformed else HTTPStatus.NOT_FOUND)

    def _list(self, country: str) -> bytes:
        register, served = self._register(), self._hub.served
        chargers = [
            charger_object(station, served.row(station))
            for station in list(self._board.stations.values())
            if not country or country_of(station.id, register.facts(station.id)) == country
        ]
        return b"[%b]" % b",".join(chargers)

    # Beyond version 1

    async def _healthz(self) -> HttpResponse:
        health = self._health()
        status = HTTPStatus.OK if health.live else HTTPStatus.SERVICE_UNAVAILABLE
        return HttpResponse(msgspec.json.encode(health), status)

    async def _metrics(self) -> HttpResponse:
        async with self._large.making:
            if self._clock.monotonic() - self._tallied_at >= LIST_SECONDS:
                board, register = self._board, self._register()
                self._tally = await run_in_thread(lambda: tally_of(board, register))
                self._tallied_at = self._clock.monotonic()
        text = metrics_text(self._hub, self._tally, self._health())
        return HttpResponse(text.encode(), content_type="text/plain")

    async def _geojson(self, parameters: list[tuple[str, str]]) -> HttpResponse:
        board, register, now = self._board, self._register(), self._clock.now()
        if self._places is None or self._places_of is not register:
            self._places, self._places_of = Places(register), register
        places = self._places
        try:
            text = filter_of(parameters)
            if "near" in text:
                await run_in_thread(places.prepare)
            query = parse_map_filter(text, places)
        except FilterError as error:
            text = f"400 - Bad request: {error}"
            return HttpResponse(msgspec.json.encode({"status": text}), HTTPStatus.BAD_REQUEST)
        # Without a link, it says how much longer the state is not confirmed.
        passing = None if board.downtime.live else now // UNCONFIRMED_STEP
        body = await self._large.get(
            f"geojson?{query.text}",
            (self._versions(), passing),
            GEOJSON_SECONDS,
            lambda: self._map.encode(board, register, query, now),
        )
        return HttpResponse(b"", content_type="application/geo+json", body=body)

    async def _names(self) -> HttpResponse:
        """Answer with the names, places and plugs of all stations, for another nobil-tui."""
        register = self._register()
        source = (id(register), register.version)
        body = await self._large.get("register", source, 0.0, lambda: encode_hub_register(register))
        return HttpResponse(b"", body=body)

    def _versions(self) -> Hashable:
        register = self._register()
        return self._hub.served.version, id(register), register.version


async def _upgrade() -> HttpResponse:
    return error_response(HTTPStatus.UPGRADE_REQUIRED, ("Upgrade", "websocket"))


def _header_of(request: BaseRequest) -> requests.Header:
    """Return a function that returns a header of a request, or None."""

    def header(name: str) -> str | None:
        # A proxy may add its own below that of the client, which can hold anything.
        values = request.headers.getall(name, ())
        return values[-1] if values else None

    return header
