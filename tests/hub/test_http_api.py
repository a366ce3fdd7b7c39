"""The HTTP side of the hub, with aiohttp's client and raw requests; ``curl`` where it is there."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import pytest
from msgspec.structs import replace

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import HubState
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.hub import HubSection
from nobil_tui.hub import door, large_responses
from nobil_tui.hub.api_keys import OneKey
from nobil_tui.hub.door import Door
from nobil_tui.hub.http_api import GEOJSON_SECONDS, LIST_SECONDS, HttpApi
from nobil_tui.hub.metrics import Health
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.batch import Batch, LinkState
from nobil_tui.wire.hub_register import decode_hub_register
from nobil_tui.wire.status_words import connector_from
from tests.conftest import GUARD, START, FakeClock, guarded
from tests.hub.conftest import KEY, station

A, B, C = "NOR_01523", "SWE_00002", "FINTEST00001"
QUOTED = quote(KEY, safe="")
LIVE = Health(True, "live", "", 1.5, 3, 0, 10, 5)
CREDIT = "NOBIL by Enova"


class Served:
    """A hub over a board, its HTTP side and a client."""

    def __init__(self, limits: HubSection) -> None:
        self.board = Board()
        self.board.apply_snapshot([station(A, 0, 1), station(B, -1)], START)
        self.board.apply_connector(C, "FI*X*E1", connector_from("BLOCKED"), START)
        facts = Facts(
            "Slottet",
            "Oslo",
            position=(59.9, 10.7),
            plugs=(Plug("CCS", 150.0),) * 2,
            prices=(Price("NOK", kwh=5.5), None),
        )
        self.register = Register({A: facts}, credit=CREDIT)
        self.health = LIVE
        about = HubState(credit=CREDIT)
        self.clock = FakeClock()
        self.hub = Hub(self.board, keys=OneKey(KEY), limits=limits, about=about, clock=self.clock)
        self.api = HttpApi(
            self.hub, self.board, lambda: self.register, lambda: self.health, self.clock
        )
        self.hub.make_http = self.api.connection
        self.client = aiohttp.ClientSession(auto_decompress=False)

    async def changed(self) -> None:
        await self.hub.take(Batch(LinkState(), touched={A}))

    @property
    def base(self) -> str:
        return f"http://{urlsplit(self.hub.address).netloc}"

    @property
    def where(self) -> tuple[str | None, int | None]:
        parts = urlsplit(self.hub.address)
        return parts.hostname, parts.port

    async def get(
        self, path: str, *, key: str = QUOTED, method: str = "GET", **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Return status, content (of JSON) and headers."""
        mark = "&" if "?" in path else "?"
        url = f"{self.base}{path}{mark}apikey={key}" if key else self.base + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(method, url, headers=named) as response:
            content = await guarded(response.read())
            if response.headers.get("Content-Encoding") == "gzip":
                content = gzip.decompress(content)
            is_json = "json" in response.headers.get("Content-Type", "") and content
            return (
                response.status,
                json.loads(content) if is_json else content,
                {name.lower(): value for name, value in response.headers.items()},
            )


Opens = Callable[..., Awaitable[Served]]


@pytest.fixture
async def served() -> AsyncIterator[Opens]:
    """Return ``served(**limits)``, which starts a hub with its HTTP side."""
    opened: list[Served] = []

    async def opens(**limits: Any) -> Served:
        each = Served(HubSection(**limits))
        opened.append(each)
        await each.hub.start()
        return each

    yield opens
    for each in opened:
        await each.client.close()
        await each.hub.close()


async def test_the_four_paths_of_version_1(served: Opens) -> None:
    hub = await served()
    status, connector, headers = await hub.get("/api/v1/rest/connector/NOR_01523_02")
    assert (status, connector) == (200, {"status": 1, "error": 0, "timestamp": START})
    assert headers["content-type"] == "application/json"
    charger = {
        "uuid": A,
        "status": 0,
        "connectors": [{"status": each, "error": 0, "timestamp": START} for each in (0, 1)],
    }
    assert (await hub.get(f"/api/v1/rest/charger/{A}"))[:2] == (200, charger)
    status, chargers, _ = await hub.get("/api/v1/rest/chargers")
    assert status == 200
    assert [each["uuid"] for each in chargers] == [A, B, C]
    assert chargers[0] == charger
    assert (await hub.get("/api/v1/rest/chargers/NOR/"))[:2] == (200, [charger])
    word = chargers[2]["connectors"][0]
    assert (word["status"], word["error"], word["word"], word["evse_uid"]) == (
        *(1, 0, "BLOCKED"),
        "FI*X*E1",
    )


async def test_errors_have_the_form_of_version_1(served: Opens) -> None:
    hub = await served(failed_tries=1000)
    for path, status, text in (
        ("/api/v1/rest/charger/nonsense", 400, "400 - Bad request"),
        ("/api/v1/rest/charger/NOR_1%00", 400, "400 - Bad request"),
        ("/api/v1/rest/connector/NOR_01523", 400, "400 - Bad request"),
        ("/api/v1/rest/connector/NOR_01523_x", 400, "400 - Bad request"),
        ("/api/v1/rest/connector/NOR_01523_03", 404, "404 - Not found"),
        ("/api/v1/rest/connector/NOR_01523_00", 404, "404 - Not found"),
        ("/api/v1/rest/charger/NOR_99999", 404, "404 - Not found"),
        ("/api/v1/rest/chargers/norway", 400, "400 - Bad request"),
        ("/api/v1/rest/chargers/DAN", 404, "404 - Not found"),
        ("/api/v1/rest/charger", 404, "404 - Not found"),
        ("/api/v1/rest/", 404, "404 - Not found"),
        ("/", 404, "404 - Not found"),
        ("/api/v1/rest/../../../etc/passwd", 404, "404 - Not found"),
        ("/%2e%2e/%2e%2e/etc/passwd", 404, "404 - Not found"),
        ("/api/v1/stream", 426, "426 - Upgrade required"),
    ):
        assert (await hub.get(path))[:2] == (status, {"status": text}), path
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        status, content, headers = await hub.get("/api/v1/rest/chargers", method=method)
        assert (status, content) == (405, {"status": "405 - Method not allowed"})
        assert headers["allow"] == "GET, HEAD"
    assert (await hub.get("/api/v1/rest/chargers", method="HEAD"))[0] == 200
    for key in ("", "wrong", quote("é\x00%")):
        for path in ("/api/v1/rest/chargers", "/metrics", "/stations.geojson"):
            found = (await hub.get(path, key=key))[:2]
            assert found == (401, {"status": "401 - Unauthorized"})
    for name, value in (("Authorization", f"Bearer {KEY}"), ("X_API_Key", KEY)):
        assert (await hub.get("/api/v1/rest/chargers", key="", **{name: value}))[0] == 200


@pytest.mark.usefixtures("nothing_forgiven")
async def test_wrong_keys_are_limited_and_right_ones_counted_with_the_stream(
    served: Opens,
) -> None:
    hub = await served(failed_tries=2)
    answers = [await hub.get("/metrics", key="wrong") for _ in range(3)]
    assert [status for status, *_ in answers] == [401, 401, 429]
    assert int(answers[2][2]["retry-after"]) > 0
    assert (await hub.get("/healthz", key=""))[0] == 200
    assert hub.hub.counts.refused == {401: 2, 429: 1}


async def test_a_client_behind_a_proxy_cannot_choose_the_address_that_is_limited(
    served: Opens,
) -> None:
    hub = await served(failed_tries=2, behind_proxy=True)

    async def status(claimed: str, added: str) -> int:
        # Some proxies add a header of their own below that of the client.
        headers = [("X-Forwarded-For", claimed), ("X-Forwarded-For", added)]
        async with hub.client.get(f"{hub.base}/metrics?key=wrong", headers=headers) as response:
            return response.status

    assert [await status(f"198.51.100.{n}", "192.0.2.1") for n in range(3)] == [401, 401, 429]
    assert await status("198.51.100.1", "192.0.2.2:4711") == 401
    assert await status("198.51.100.1", "192.0.2.2:4712") == 401
    assert await status("198.51.100.1", "192.0.2.2") == 429


async def test_several_keys_of_one_request_are_as_many_tries(served: Opens) -> None:
    hub = await served(failed_tries=20)
    many = "&".join(f"key=guess{number}" for number in range(20))
    statuses = [(await hub.get(f"/metrics?{many}", key=""))[0] for _ in range(2)]
    assert statuses == [401, 429]


async def test_a_plus_of_a_key_may_be_escaped_or_not(served: Opens) -> None:
    hub = await served()
    for key in (KEY.replace("%", "%25").replace("&", "%26"), QUOTED):
        assert (await hub.get("/metrics", key=key))[0] == 200


async def test_large_lists_are_compressed_and_not_sent_again(served: Opens) -> None:
    hub = await served()
    many = [Station(f"NOR_{n:05}", [Connector(0, 0, START)]) for n in range(200)]
    hub.board.apply_snapshot(many, START)
    await hub.changed()
    path = "/api/v1/rest/chargers"
    status, chargers, headers = await hub.get(path, Accept_Encoding="gzip, br")
    assert (status, len(chargers), headers["content-encoding"]) == (200, 200, "gzip")
    assert int(headers["content-length"]) < 3000
    assert headers["cache-control"] == "private, no-cache"
    tag = headers["etag"]
    status, plain, headers = await hub.get(path, Accept_Encoding="gzip;q=0")
    assert (status, plain, headers["etag"]) == (200, chargers, tag)
    assert "content-encoding" not in headers
    for known in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        assert (await hub.get(path, If_None_Match=known))[:2] == (304, b"")
    hub.board.apply_station(station(many[0].id, 1), START + 1)
    await hub.changed()
    # A second has not passed.
    assert (await hub.get(path, If_None_Match=tag))[0] == 304
    hub.clock.advance(LIST_SECONDS)
    assert (await hub.get(path, If_None_Match=tag))[0] == 200


async def test_reader_that_does_not_read_takes_no_memory(
    served: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = await served()
    # More than the system takes for a connection.
    large = b"[%b]" % (b" " * (16 << 20))
    monkeypatch.setattr(HttpApi, "_list", lambda _api, _country: large)
    assert (await hub.get("/api/v1/rest/chargers", Accept_Encoding="identity"))[1] == []
    waiting: list[int] = []
    resume = Door.pause_writing

    def pause(door: Door) -> None:
        waiting.append(door._transport.get_write_buffer_size())
        resume(door)

    monkeypatch.setattr(Door, "pause_writing", pause)
    _reader, writer = await asyncio.open_connection(
        "127.0.0.1", urlsplit(hub.base).port, limit=1024
    )
    writer.write(f"GET /api/v1/rest/chargers?key={QUOTED} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    async with asyncio.timeout(GUARD):
        while not waiting:  # noqa: ASYNC110  # the other side is a server
            await asyncio.sleep(0)
    assert max(waiting) < 1024 * 1024
    writer.transport.abort()
    assert (await hub.get("/healthz", key=""))[0] == 200
    # What is kept of large answers is bounded, too.
    monkeypatch.setattr(large_responses, "MAX_LIST_BYTES", 1)
    for country in ("", "/NOR", ""):
        assert (await hub.get(f"/api/v1/rest/chargers{country}"))[0] == 200
    assert len(hub.api._large._bodies) == 1


async def test_health(served: Opens) -> None:
    hub = await served()
    status, health, headers = await hub.get("/healthz", key="")
    assert (status, health["live"], health["age_seconds"]) == (200, True, 1.5)
    assert headers["cache-control"] == "no-store"
    hub.health = Health(False, "retrying", "the server closed the link", 93.0, 3, 0)
    status, health, _ = await hub.get("/healthz", key="")
    assert (status, health["age_seconds"], health["link"]) == (503, 93.0, "retrying")


async def test_metrics_are_in_the_format_of_prometheus(served: Opens) -> None:
    hub = await served()
    status, content, headers = await hub.get("/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; charset=utf-8")
    lines = content.decode().splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert figures['nobil_hub_connectors{country="NOR",condition="free"}'] == "1"
    assert figures['nobil_hub_connectors{country="SWE",condition="unknown"}'] == "1"
    assert figures["nobil_hub_link_up"] == "1"
    assert figures["nobil_hub_link_age_seconds"] == "1.5"
    assert figures["nobil_hub_frames_total"] == "10"
    assert figures["nobil_hub_consumers"] == "0"
    names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert {line.partition("{")[0].split()[0] for line in figures} <= names


async def test_geojson_has_names_counts_and_credit(served: Opens) -> None:
    hub = await served()
    status, layer, headers = await hub.get("/stations.geojson?filter=slottet")
    assert (status, headers["content-type"]) == (200, "application/geo+json")
    assert (layer["type"], layer["credit"]) == ("FeatureCollection", CREDIT)
    [feature] = layer["features"]
    assert feature["type"] == "Feature"
    assert feature["id"] == A
    assert feature["geometry"] == {"type": "Point", "coordinates": [10.7, 59.9]}
    properties = feature["properties"]
    assert (properties["name"], properties["free"], properties["total"]) == ("Slottet", 1, 2)
    assert properties["plugs"] == ["CCS 150"]
    assert (properties["price"]["currency"], properties["price"]["kwh"]) == ("NOK", 5.5)
    _, layer, _ = await hub.get("/stations.geojson")
    assert [each["id"] for each in layer["features"]] == [C, A, B]
    assert layer["features"][0]["geometry"] is None
    status, error, _ = await hub.get(f"/stations.geojson?filter={quote('kw:x')}")
    assert status == 400
    assert error["status"].startswith("400 - Bad request: ")
    for query, words in (
        ("filter=" + "x" * 600, "at most"),
        ("filters=ccs", 'unknown parameter "filters", expected filter. Did you mean "filter"?'),
        ("filter=ccs&filter=oslo", "given twice"),
        ("filter=starred", "a hub has none"),
        ("filter=near", "Bad request: a hub has no home, name a place: near:oslo"),
        ("filter=within:5km", "Bad request: a hub has no home, name a place: near:oslo"),
    ):
        status, error, _ = await hub.get(f"/stations.geojson?{query}")
        assert status == 400
        assert words in error["status"]
    for place, ids in (("oslo", [A]), ("59.9,10.7", [A])):
        layer = (await hub.get(f"/stations.geojson?filter=near:{place}+within:5km"))[1]
        assert [each["id"] for each in layer["features"]] == ids
    status, error, _ = await hub.get("/stations.geojson?filter=near:osl")
    assert status == 400
    assert "oslo" in error["status"].lower()
    # Names that arrive while nothing else changes.
    hub.register.replace({B: Facts("Torget", "Umeå")})
    layer = (await hub.get("/stations.geojson?filter=torget"))[1]
    assert [each["id"] for each in layer["features"]] == [B]
    hub.register.replace({A: Facts("Torget")})
    layer = (await hub.get("/stations.geojson?filter=torget"))[1]
    assert [each["id"] for each in layer["features"]] == [B]
    hub.clock.advance(GEOJSON_SECONDS)
    layer = (await hub.get("/stations.geojson?filter=torget"))[1]
    assert [each["id"] for each in layer["features"]] == [A]


async def test_register_has_what_a_client_reads(served: Opens) -> None:
    hub = await served()
    status, content, headers = await hub.get("/register.json")
    assert status == 200
    own = replace(hub.register.facts(A), credit=CREDIT)
    assert decode_hub_register(json.dumps(content).encode()) == {A: own}
    tag = headers["etag"]
    assert (await hub.get("/register.json", If_None_Match=tag))[:2] == (304, b"")
    hub.register.replace({B: Facts("Torget", "Umeå")})
    status, content, headers = await hub.get("/register.json", If_None_Match=tag)
    assert (status, list(content["stations"])) == (200, [B])
    assert (await hub.get("/register.json", key="wrong"))[0] == 401


async def test_pages_of_other_sites_are_allowed_only_if_configured(served: Opens) -> None:
    closed, opened = await served(), await served(cors_origins=["https://example.org"])
    path = "/api/v1/rest/chargers"
    _, _, headers = await closed.get(path, Origin="https://example.org")
    assert "access-control-allow-origin" not in headers
    _, _, headers = await opened.get(path, Origin="https://example.org")
    assert headers["access-control-allow-origin"] == "https://example.org"
    _, _, headers = await opened.get(path, Origin="https://other.example.org")
    assert "access-control-allow-origin" not in headers
    status, _, headers = await opened.get(
        path, key="", method="OPTIONS", Origin="https://example.org"
    )
    assert (status, headers["access-control-allow-methods"]) == (204, "GET, HEAD")


async def until_there_are(doors: int, hub: Hub) -> None:
    async with asyncio.timeout(GUARD):
        while len(hub._doors) != doors:  # noqa: ASYNC110 - the hub has no event for it
            await asyncio.sleep(0)


async def test_request_that_is_not_read_counts_and_ends(
    served: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = await served(connections=1)
    many = [Station(f"NOR_{n:05}", [Connector(0, 0, START)] * 20) for n in range(5000)]
    hub.board.apply_snapshot(many, START)
    await hub.changed()
    address = urlsplit(hub.hub.address)

    async def ask() -> socket.socket:
        raw = socket.create_connection((address.hostname or "", address.port or 0))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.sendall(f"GET /api/v1/rest/chargers?key={QUOTED} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await until_there_are(1, hub.hub)
        return raw

    with await ask():
        assert (await hub.get("/healthz"))[0] == 503
    await until_there_are(0, hub.hub)
    monkeypatch.setattr(door, "HTTP_SECONDS", 0.05)
    with await ask():
        await until_there_are(0, hub.hub)
    assert (await hub.get("/healthz"))[0] == 200


async def test_malformed_requests_are_answered_and_harm_none(served: Opens) -> None:
    hub = await served()
    address = urlsplit(hub.hub.address)
    for request, status in (
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", b"400"),
        (b"\x00\x01\x02\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"A: " + b"b" * 12_000 + b"\r\n\r\n", b"400"),
        (b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\nxx", b"405"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nope HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
        (b"X" * 20_000, b"431"),
    ):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(request)
        answer = await guarded(reader.read())
        assert answer.split(b" ")[1] == status, request[:60]
        writer.close()
        if status == b"400":
            # Not the request itself, which may hold a key, nor what serves it.
            assert answer.endswith(b'\r\n\r\n{"status":"400 - Bad request"}')
            assert b"Python" not in answer
    assert (await hub.get("/healthz"))[0] == 200
    assert hub.hub.counts.refused[400] == 4


def _send_all(address: str, request: bytes, body: int) -> tuple[bytes, bool]:
    """Send a request with a body of ``body`` bytes, and only then read; return the answer and
    whether the connection was reset."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), GUARD) as client:
        try:
            client.sendall(request + bytes(body))
        except ConnectionError:
            return b"", True
        try:
            answer = client.recv(65_536)
            client.shutdown(socket.SHUT_WR)
            while more := client.recv(65_536):
                answer += more
        except ConnectionError:
            return b"", True
    return answer, False


async def test_a_large_body_is_dropped_and_the_answer_arrives(
    served: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = await served()
    address, large = hub.hub.address, 8 * 1024 * 1024
    head = b"POST /healthz HTTP/1.1\r\nHost: x\r\n"
    for request, body, status in (
        (head + b"Content-Length: %d\r\n\r\n" % large, large, b"405"),
        (head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % large, large, b"405"),
        (b"GET" + head[4:] + b"Content-Length: %d\r\n\r\n" % large, large, b"200"),
        # An endless head, and bytes that are not HTTP.
        (b"", large, b"431"),
        (b"MAKE /healthz HTTP/9.9\r\n\r\n", large, b"400"),
    ):
        answer, reset = await guarded(run_in_thread(partial(_send_all, address, request, body)))
        assert (answer.split(b" ")[1:2], reset) == ([status], False), request
    # More than that is not read.
    monkeypatch.setattr(door, "MAX_REST", 1024)
    request = head + b"Content-Length: %d\r\n\r\n" % large
    _, reset = await guarded(run_in_thread(partial(_send_all, address, request, large)))
    assert reset
    # Nor does it take longer.
    monkeypatch.setattr(door, "MAX_REST", large)
    monkeypatch.setattr(door, "LINGER_SECONDS", 0.01)
    reader, writer = await asyncio.open_connection(*hub.where)
    writer.write(request)
    assert (await guarded(reader.read())).split(b" ")[1] == b"405"
    await until_there_are(0, hub.hub)
    writer.close()


async def test_nothing_is_awaited_of_a_client_that_announces_no_body(
    served: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else a large response would have to be taken within the seconds for the rest of a request.
    monkeypatch.setattr(door, "LINGER_SECONDS", 1e6)
    hub = await served()
    reader, writer = await asyncio.open_connection(*hub.where)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert (await guarded(reader.read())).split(b" ")[1] == b"200"
    await until_there_are(0, hub.hub)
    writer.close()


async def test_a_client_may_end_its_side_before_the_answer(served: Opens) -> None:
    hub = await served()
    reader, writer = await asyncio.open_connection(*hub.where)
    writer.write(f"GET /metrics?key={QUOTED} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    writer.write_eof()
    assert (await guarded(reader.read())).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_a_handler_that_fails_is_answered_and_logged(
    served: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    hub = await served()
    hub.register = None  # type: ignore[assignment]  # a defect
    assert (await hub.get("/register.json"))[:2] == (500, {"status": "500 - Internal server error"})
    [record] = [each for each in caplog.records if each.name == "nobil_tui.hub.http_server"]
    assert record.exc_info is not None


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_curl(served: Opens) -> None:
    hub = await served()
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--compressed", "--fail", "--noproxy", "*"),
        f"{hub.base}/api/v1/rest/charger/{A}?apikey={QUOTED}",
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await guarded(process.communicate())
    assert json.loads(out)["uuid"] == A
