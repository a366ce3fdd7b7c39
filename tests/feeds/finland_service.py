"""A local server of Fintraffic's AFIR service, with a country chosen by the test.

The REST API behaves as its operator documents: gzip or 406, a redirect for ``limit=ALL``, pages by
cursor, and 429 when a test asks for it. The broker is a real one; see ``mqtt_broker``.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import deque
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from nobil_tui.base.clock import Clock, iso
from tests.http_service import Answer, HttpService
from tests.http_service import status as answer_status

PAGE = 500
"""Items per page."""
PATHS = {"locations": "features", "locations/statuses": "statuses", "tariffs": "tariffs"}
"""The answers, and the key of their list."""

_TOWNS = [
    ("Helsinki", "Mannerheimintie", "00100", 60.17, 24.94),
    ("Tampere", "Hämeenkatu", "33100", 61.50, 23.76),
    ("Oulu", "Isokatu", "90100", 65.01, 25.47),
    ("Turku", "Aurakatu", "20100", 60.45, 22.27),
    ("Rovaniemi", "Koskikatu", "96200", 66.50, 25.73),
    ("Kuopio", "Puijonkatu", "70100", 62.89, 27.68),
]
_SITES = [
    "Kauppakeskus",
    "Asema",
    "Tori",
    "Satama",
    "Stadion",
    "Huoltoasema",
    "Kirjasto",
    "Hotelli",
]
_OPERATORS = [
    ("ABC", "Aurora Lataus"),
    ("NYT", "Nyt Oy"),
    ("REV", "Revontuli"),
    ("SAM", "Sampo Charge"),
]
_PLUGS = [
    ("IEC_62196_T2_COMBO", "DC", 150_000),
    ("CHADEMO", "DC", 50_000),
    ("IEC_62196_T2", "AC_3_PHASE", 22_000),
]
_WORDS = ["AVAILABLE"] * 9 + ["CHARGING"] * 6 + ["UNKNOWN", "OUTOFORDER", "RESERVED", "BLOCKED"]


class Country:
    """A country of chargers, in the format of the service's answers."""

    def __init__(
        self, locations: int = 5_000, evses: int = 12_000, seed: int = 0, at: int = 0
    ) -> None:
        rng = random.Random(seed)
        self.features: list[dict[str, Any]] = []
        self.statuses: list[dict[str, Any]] = []
        self.topics: dict[str, str] = {}
        """Topic of each EVSE."""
        self.tariffs = [
            _tariff(f"{party}-{plug}", rng)
            for party, _ in _OPERATORS
            for plug in range(len(_PLUGS))
        ]
        counts = [1] * locations
        for _ in range(evses - locations):
            counts[min(rng.randrange(locations), rng.randrange(locations))] += 1
        for number, count in enumerate(counts, 1):
            self._add(number, count, rng, at)

    def _add(self, number: int, count: int, rng: random.Random, at: int) -> None:
        (town, street, code, north, east), (party, operator) = (
            rng.choice(_TOWNS),
            rng.choice(_OPERATORS),
        )
        location, evses = f"FI{party}{number:05}", []
        for index in range(count):
            evse = f"FI*{party}*E{number:05}*{index + 1}"
            plugs = _PLUGS[:2] if rng.random() < 0.3 else [rng.choice(_PLUGS)]
            evses.append({"id": evse, "connectors": [_connector(plug, party) for plug in plugs]})
            changed = iso(at - rng.randrange(6 * 3_600_000))
            self.statuses.append({"evseId": evse, "status": rng.choice(_WORDS), "time": changed})
            self.topics[evse] = f"status-v1/FI/{party}/{location}/{evse}"
        point = [round(east + rng.gauss(0, 0.2), 5), round(north + rng.gauss(0, 0.1), 5)]
        self.features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": point},
                "properties": {
                    "id": location,
                    "name": f"{rng.choice(_SITES)} {town} {number}",
                    "operator": {"details": {"name": operator}},
                    "address": {
                        "street": f"{street} {rng.randrange(1, 90)}",
                        "city": town,
                        "postalCode": code,
                        "countryCode": "FI",
                    },
                    "evses": evses,
                },
            }
        )


def _connector(plug: tuple[str, str, int], party: str) -> dict[str, Any]:
    standard, kind, watts = plug
    return {
        "standard": standard,
        "format": "CABLE",
        "powerType": kind,
        "maxVoltage": 400,
        "maxAmperage": watts // 400,
        "maxElectricPower": watts,
        "tariffIds": [f"{party}-{_PLUGS.index(plug)}"],
    }


def _tariff(tariff_id: str, rng: random.Random) -> dict[str, Any]:
    components = [
        {"type": "ENERGY", "price": round(rng.uniform(0.2, 0.5), 2), "stepSize": 1, "vat": 25.5}
    ]
    if rng.random() < 0.4:
        components.append({"type": "FLAT", "price": 1, "stepSize": 1, "vat": 25.5})
    return {
        "id": tariff_id,
        "currency": "EUR",
        "type": "AD_HOC_PAYMENT",
        "taxIncluded": "NO",
        "elements": [{"priceComponents": components}],
    }


class FinlandService(HttpService):
    """The REST API. ``answers`` for a path are used up first, then it answers correctly."""

    def __init__(self, country: Country, clock: Clock, *, constant: bool = False) -> None:
        """``constant``: the statuses never change, so their answer is compressed once."""
        super().__init__()
        self.country = country
        self._constant = constant
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Path and headers of each request, in order."""
        self.answers: dict[str, deque[Answer]] = {
            path: deque() for path in (f"{each}/all" for each in PATHS)
        }
        self.skew = 0
        """How far its clock is ahead, in ms."""
        self.made_ago = 30_000
        """Age of the answers, in ms."""
        self.dated = True
        """Whether it says when it made them."""
        self.cached_for = 0
        """For how many seconds a cache in front of it has kept the answers."""
        self._clock = clock
        self._packed: dict[str, bytes] = {}
        """Answers that do not change, compressed."""

    @property
    def address(self) -> str:
        """Its base URL."""
        return f"{self.origin}/api/charging-network/v1"

    def paths(self) -> list[str]:
        """Return the requested paths, in order."""
        return [path for path, _ in self.requests]

    def fail(self, path: str, status: int, times: int = 1, **headers: str) -> None:
        """Answer the next requests for ``path`` with a status."""

        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self.answers[path].extend([answer_status(status, named)] * times)

    def forget(self) -> None:
        """Rebuild the answers after a change of the country."""
        self._packed.clear()

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of the REST API."""
        path = _path_of(request)
        self.requests.append((path, dict(request.headers)))
        if "gzip" not in request.headers.get("Accept-Encoding", ""):
            return web.Response(status=406)
        if self.answers.get(path):
            return await self.answers[path].popleft()(request)
        name, whole = (path.removesuffix("/all"), True) if path.endswith("/all") else (path, False)
        if name not in PATHS:
            return web.Response(status=404)
        if not whole and request.query.get("limit") == "ALL":
            return web.Response(status=302, headers={"Location": f"{request.path}/all"})
        headers = self._headers()
        if whole and self._constant and name == "locations/statuses":
            body = self._packed_answer(name)
        elif whole and name != "locations/statuses":
            headers["ETag"] = f'"{name}"'
            if request.headers.get("If-None-Match") == headers["ETag"]:
                return web.Response(status=304, headers=headers)
            body = self._packed_answer(name)
        else:
            body = _pack(
                self._answer(name) if whole else self._page(name, request.query.get("cursor", "0"))
            )
        return web.Response(
            body=body,
            headers=headers | {"Content-Encoding": "gzip"},
            content_type="application/json",
        )

    def _packed_answer(self, name: str) -> bytes:
        if name not in self._packed:
            self._packed[name] = _pack(self._answer(name))
        return self._packed[name]

    async def answer_in_full(self, request: web.Request) -> web.StreamResponse:
        """Answer completely, whatever version the client has."""
        name = _path_of(request).removesuffix("/all")
        headers = self._headers() | {"ETag": f'"{name}-2"', "Content-Encoding": "gzip"}
        return web.Response(
            body=_pack(self._answer(name)), headers=headers, content_type="application/json"
        )

    def _headers(self) -> dict[str, str]:
        now = self._clock.now() + self.skew - self.cached_for * 1000
        headers = {"Date": _http_date(now)}
        if self.dated:
            headers["Last-Modified"] = _http_date(now - self.made_ago)
        if self.cached_for:
            headers["Age"] = str(self.cached_for)
        return headers

    def _items(self, name: str) -> list[dict[str, Any]]:
        country = self.country
        return {"locations": country.features, "locations/statuses": country.statuses}.get(
            name, country.tariffs
        )

    def _answer(self, name: str) -> dict[str, Any]:
        answer: dict[str, Any] = {PATHS[name]: self._items(name)}
        return answer | ({"modifiedAt": iso(self._clock.now())} if name == "locations" else {})

    def _page(self, name: str, cursor: str) -> dict[str, Any]:
        start = int(cursor) if cursor.isdecimal() else 0
        items = self._items(name)
        after = start + PAGE
        pagination = {"nextCursor": str(after) if after < len(items) else None}
        return {PATHS[name]: items[start:after], "pagination": pagination}


def _path_of(request: web.Request) -> str:
    """Return the path below the base URL, or one that nothing answers."""
    return request.match_info["path"].removeprefix("api/charging-network/v1/")


def _pack(answer: dict[str, Any]) -> bytes:
    return gzip.compress(json.dumps(answer).encode(), 1)


def _http_date(at: int) -> str:
    return format_datetime(datetime.fromtimestamp(at / 1000, UTC), usegmt=True)


def status_payload(word: str, at: int) -> bytes:
    """Return the payload of a message."""
    return json.dumps({"status": word, "time": iso(at)}).encode()
