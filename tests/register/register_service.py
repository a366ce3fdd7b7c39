"""A local server of NOBIL's datadump as documented, which fails when a test tells it to."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from aiohttp import web
from multidict import CIMultiDictProxy

from tests.http_service import Answer, HttpService

KEY = "r3g-Of/The+Test=7Q"
"""The only valid key; not a real one."""
CHANGED = "Tue, 14 Nov 2023 22:13:20 GMT"
"""The ``Last-Modified`` of all answers."""


class Asked(NamedTuple):
    """A received request."""

    path: str
    query: dict[str, str]
    headers: CIMultiDictProxy[str]


class RegisterService(HttpService):
    """The stations of two countries. ``answers`` are used up first, then it answers correctly."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        """All requests."""
        self.answers: deque[Answer] = deque()
        """Answers to the next requests."""
        self.stations: dict[str, list[Any]] = {"NOR": stations("NOR", 3), "SWE": stations("SWE", 2)}
        """Its stations by country."""

    @property
    def address(self) -> str:
        """Its URL."""
        return f"{self.origin}/api/server/datadump.php"

    async def half(self, request: web.Request) -> web.StreamResponse:
        """Send a part of an answer, then nothing more."""
        return await self.part(request, 200, b'{"chargerstations": [')

    async def half_refused(self, request: web.Request) -> web.StreamResponse:
        """Reject the key with a reason that never ends."""
        return await self.part(request, 401, b'{"chargerstations": [')

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer with the stations of a country."""
        self.asked.append(Asked(request.path, dict(request.query), request.headers))
        if self.answers:
            return await self.answers.popleft()(request)
        if request.query.get("apikey") != KEY:
            # As the real service does: an error with HTTP 200.
            return web.json_response({"error": "Wrong API key"})
        dump = dump_of(self.stations[request.query["countrycode"]])
        etag = f'"{hashlib.sha256(dump).hexdigest()}"'
        headers = {"ETag": etag, "Last-Modified": CHANGED}
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=dump, headers={**headers, "Content-Type": "application/json"})


def station(identity: str, country: str | None, name: str = "Torget") -> dict[str, Any]:
    """Return a station in the register's format."""
    outlet = {
        "4": {"attrvalid": "39", "trans": "CCS/Combo"},
        "5": {"attrvalid": "23", "trans": "150 kW DC"},
    }
    fields = {
        "International_id": identity,
        "name": name,
        "Position": "(59.87,10.49)",
        "Land_code": country,
    }
    return {"csmd": fields, "attr": {"st": {}, "conn": {"1": outlet}}}


def stations(country: str, count: int, first: int = 1) -> list[dict[str, Any]]:
    """Return that many stations of a country."""
    return [station(f"{country}_{number:05d}", country) for number in range(first, first + count)]


def dump_of(found: Iterable[Any], rights: str = "CC BY 4.0") -> bytes:
    """Return a complete answer."""
    return json.dumps(
        {"Provider": "NOBIL.no", "Rights": rights, "chargerstations": [*found]}
    ).encode()
