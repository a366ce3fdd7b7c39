"""The HTTP side of the hub: REST of version 1, health, metrics and a map layer.

A connection serves one request: the door hands it over with its first one, and a WebSocket never
follows on it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

import msgspec

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Register, country_of
from nobil_tui.hub import requests
from nobil_tui.hub.door import Denial
from nobil_tui.hub.geojson import FilterError, MapLayer, filter_of, parse_map_filter
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
MAX_LISTS = 32
"""Large answers that are kept."""
MAX_LIST_BYTES = 64 * 1024 * 1024
"""Bytes of them; one that is larger is kept alone."""
ANSWER_PIECE = 64 * 1024
"""Bytes of a large answer that are handed to a connection at once."""
GZIP_FROM = 1024
"""Bytes from which an answer is compressed."""
_GZIP_LEVEL = 5

_CONNECTOR_NUMBER = re.compile(r"[0-9]{2,4}+")
_STATION = re.compile(r"[A-Z]{3}_[0-9]{1,12}")
_COUNTRY = re.compile(r"[A-Z]{3}")


class Body(NamedTuple):
    """A large answer, compressed once."""

    content: bytes
    compressed: bytes
    tag: str
    """Its ``ETag``: a hash of it, so that it outlasts the hub."""
    source: Hashable
    """The version of what it was made from."""
    made_at: float


class HttpAnswer(NamedTuple):
    """An answer before it is sent."""

    content: bytes
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | None = None


def error_answer(status: HTTPStatus, *headers: tuple[str, str]) -> HttpAnswer:
    """Return an error in the form of version 1: ``{"status": "400 - Bad request"}``."""
    text = f"{status.value} - {status.phrase.capitalize()}"
    return HttpAnswer(msgspec.json.encode({"status": text}), status, headers=headers)


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
        self._bodies: OrderedDict[str, Body] = OrderedDict()
        self._making = asyncio.Lock()
        """One large answer is made at a time."""
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
        return error_answer(status).content

    # Requests

    async def _handle(self, request: BaseRequest) -> StreamResponse:
        from aiohttp import web

        target = parse_target(request.path_qs)
        origin = self._allowed_origin(request.headers.get("Origin"))
        if request.method == "OPTIONS" and origin:
            answer = HttpAnswer(b"", HTTPStatus.NO_CONTENT, headers=_PREFLIGHT)
        else:
            answer = await self._answer(request, target)
        headers = {
            "Cache-Control": "no-store",
            "Server": "nobil-tui",
            "X-Content-Type-Options": "nosniff",
        }
        headers.update(dict(answer.headers))
        if origin:
            headers |= {
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Expose-Headers": "ETag, Retry-After",
                "Vary": "Origin, Accept-Encoding",
            }
        content, status = answer.content, answer.status
        if (body := answer.body) is not None:
            headers |= {"ETag": body.tag, "Cache-Control": "private, no-cache"}
            headers.setdefault("Vary", "Accept-Encoding")
            content = body.content
            if _is_known(body.tag, request.headers.get("If-None-Match", "")):
                content, status = b"", HTTPStatus.NOT_MODIFIED
            elif _accepts_gzip(request.headers.get("Accept-Encoding", "")) and body.compressed:
                content = body.compressed
                headers["Content-Encoding"] = "gzip"
        if status >= HTTPStatus.BAD_REQUEST:
            self._hub.counts.refused[status] += 1
        if len(content) > ANSWER_PIECE and request.method != "HEAD":
            headers["Content-Type"] = answer.content_type
            return await _send_in_pieces(request, content, headers)
        response = web.Response(
            body=content,
            status=status,
            headers=headers,
            content_type=answer.content_type,
            charset="utf-8" if answer.content_type == "text/plain" else None,
        )
        response.force_close()
        return response

    async def _answer(self, request: BaseRequest, target: Target) -> HttpAnswer:
        handler = self._handler(target)
        if handler is None:
            return error_answer(HTTPStatus.NOT_FOUND)
        if request.method not in ("GET", "HEAD"):
            return error_answer(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", "GET, HEAD"))
        if target.path != "/healthz":
            peer, header = request.remote or "", _header_of(request)
            address = client_address(peer, header, behind_proxy=self._hub.behind_proxy)
            checked = self._hub.check_key(given_keys(target, header), address)
            if isinstance(checked, Denial):
                # The hub has counted it.
                self._hub.counts.refused[checked.status] -= 1
                retry = str(checked.retry_after)
                headers = (("Retry-After", retry),) if checked.retry_after else ()
                return error_answer(checked.status, *headers)
        return await handler()

    def _handler(self, target: Target) -> Callable[[], Awaitable[HttpAnswer]] | None:
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

    async def _connector(self, name: str) -> HttpAnswer:
        charger, _, number = name.rpartition("_")
        if not charger or _CONNECTOR_NUMBER.fullmatch(number) is None:
            return error_answer(HTTPStatus.BAD_REQUEST)
        station = self._board.stations.get(charger)
        index = int(number) - 1
        if station is None:
            return self._unknown(charger)
        if not 0 <= index < len(station.connectors):
            return error_answer(HTTPStatus.NOT_FOUND)
        return HttpAnswer(connector_object(station, index))

    async def _charger(self, name: str) -> HttpAnswer:
        station = self._board.stations.get(name)
        if station is None:
            return self._unknown(name)
        return HttpAnswer(charger_object(station, self._hub.served.row(station)))

    async def _chargers(self, country: str) -> HttpAnswer:
        if country and _COUNTRY.fullmatch(country) is None:
            return error_answer(HTTPStatus.BAD_REQUEST)
        name, source = f"chargers/{country}", self._versions()
        body = await self._body(name, source, LIST_SECONDS, lambda: self._list(country))
        if country and body.content == b"[]":
            return error_answer(HTTPStatus.NOT_FOUND)
        return HttpAnswer(b"", body=body)

    def _unknown(self, station: str) -> HttpAnswer:
        malformed = _STATION.fullmatch(station) is None
        return error_answer(HTTPStatus.BAD_REQUEST if malformed else HTTPStatus.NOT_FOUND)

    def _list(self, country: str) -> bytes:
        register, served = self._register(), self._hub.served
        chargers = [
            charger_object(station, served.row(station))
            for station in list(self._board.stations.values())
            if not country or country_of(station.id, register.facts(station.id)) == country
        ]
        return b"[%b]" % b",".join(chargers)

    # Beyond version 1

    async def _healthz(self) -> HttpAnswer:
        health = self._health()
        status = HTTPStatus.OK if health.live else HTTPStatus.SERVICE_UNAVAILABLE
        return HttpAnswer(msgspec.json.encode(health), status)

    async def _metrics(self) -> HttpAnswer:
        async with self._making:
            if self._clock.monotonic() - self._tallied_at >= LIST_SECONDS:
                board, register = self._board, self._register()
                self._tally = await run_in_thread(lambda: tally_of(board, register))
                self._tallied_at = self._clock.monotonic()
        text = metrics_text(self._hub, self._tally, self._health())
        return HttpAnswer(text.encode(), content_type="text/plain")

    async def _geojson(self, parameters: list[tuple[str, str]]) -> HttpAnswer:
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
            return HttpAnswer(msgspec.json.encode({"status": text}), HTTPStatus.BAD_REQUEST)
        # Without a link, it says how much longer the state is not confirmed.
        passing = None if board.downtime.live else now // UNCONFIRMED_STEP
        body = await self._body(
            f"geojson?{query.text}",
            (self._versions(), passing),
            GEOJSON_SECONDS,
            lambda: self._map.encode(board, register, query, now),
        )
        return HttpAnswer(b"", content_type="application/geo+json", body=body)

    async def _names(self) -> HttpAnswer:
        """Answer with the names, places and plugs of all stations, for another nobil-tui."""
        register = self._register()
        source = (id(register), register.version)
        body = await self._body("register", source, 0.0, lambda: encode_hub_register(register))
        return HttpAnswer(b"", body=body)

    def _versions(self) -> Hashable:
        register = self._register()
        return self._hub.served.version, id(register), register.version

    async def _body(
        self, name: str, source: Hashable, seconds: float, make: Callable[[], bytes]
    ) -> Body:
        """Return a large answer; it is made in a thread unless the one that is kept is as new as
        ``source``, or younger than ``seconds``."""
        async with self._making:
            kept = self._bodies.get(name)
            if kept is not None and (
                kept.source == source or self._clock.monotonic() - kept.made_at < seconds
            ):
                self._bodies.move_to_end(name)
                return kept
            body = await run_in_thread(lambda: _made(make(), source, self._clock.monotonic()))
            self._bodies[name] = body
            while len(self._bodies) > MAX_LISTS or (
                len(self._bodies) > 1 and sum(map(_size, self._bodies.values())) > MAX_LIST_BYTES
            ):
                self._bodies.popitem(last=False)
            return body


async def _send_in_pieces(
    request: BaseRequest, content: bytes, headers: dict[str, str]
) -> StreamResponse:
    """Send a large answer at the pace of its reader: many that read slowly take no memory."""
    from aiohttp import web

    response = web.StreamResponse(headers=headers)
    response.content_length = len(content)
    response.force_close()
    await response.prepare(request)
    pieces = memoryview(content)
    # A reader that has gone needs no answer.
    with suppress(ConnectionError):
        for start in range(0, len(content), ANSWER_PIECE):
            await response.write(bytes(pieces[start : start + ANSWER_PIECE]))
        await response.write_eof()
    return response


async def _upgrade() -> HttpAnswer:
    return error_answer(HTTPStatus.UPGRADE_REQUIRED, ("Upgrade", "websocket"))


_PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD"),
    ("Access-Control-Allow-Headers", "Authorization, X-API-Key, If-None-Match"),
    ("Access-Control-Max-Age", "86400"),
)


def _header_of(request: BaseRequest) -> requests.Header:
    """Return a function that returns a header of a request, or None."""

    def header(name: str) -> str | None:
        # A proxy may add its own below that of the client, which can hold anything.
        values = request.headers.getall(name, ())
        return values[-1] if values else None

    return header


def _size(body: Body) -> int:
    return len(body.content) + len(body.compressed)


def _made(content: bytes, source: Hashable, at: float) -> Body:
    import gzip

    small = len(content) < GZIP_FROM
    compressed = b"" if small else gzip.compress(content, _GZIP_LEVEL, mtime=0)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Body(content, compressed, tag, source, at)


def _is_known(tag: str, known: str) -> bool:
    """Return whether ``If-None-Match`` names an ``ETag``, which a proxy may have made weak."""
    return known.strip() == "*" or tag in [
        each.strip().removeprefix("W/") for each in known.split(",")
    ]


def _accepts_gzip(accepted: str) -> bool:
    """Return whether ``Accept-Encoding`` names gzip without forbidding it."""
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
