"""``tail``: every change is a line, with its filter, its names and its end."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest
from websockets.asyncio.server import ServerConnection

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.events import (
    Connected,
    Ended,
    HubState,
    Lost,
    Refused,
    Snapshot,
    StationReport,
)
from nobil_tui.charging.register import CREDIT, Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.model import Config, HomeSection, WatchedSection
from nobil_tui.feeds.recording import RecordingFeed
from nobil_tui.feeds.recording_file import RecordingFile
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.link import Link
from nobil_tui.headless.link_reporter import KeyRefusedError
from nobil_tui.headless.station_choice import StationChoice, UnknownStationError
from nobil_tui.headless.stdout import StdoutWriter
from nobil_tui.headless.tail import Tail
from nobil_tui.monitor import batch as batch_module
from nobil_tui.session import backpressure
from nobil_tui.session.settings import Settings
from nobil_tui.wire.codecs import V1_CODEC
from tests.conftest import FakeClock, Serve, guarded, settle
from tests.feeds.recordings import content, write
from tests.headless.feeds import T0, ScriptedFeed, report, session_of, update
from tests.wire.v1_frames import plain_snapshot, plain_update


class Paper(StdoutWriter):
    """Collect the output; it can be made to wait, and to fail."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.text = b""
        self.error: OSError | None = None
        self.room = asyncio.Event()
        self.room.set()
        self.gone = asyncio.Event()
        self._news = asyncio.Event()

    async def write(self, data: bytes) -> None:
        await self.room.wait()
        if self.error is not None:
            raise self.error
        self.text += data
        self._news.set()

    async def wait_reader_gone(self) -> None:
        await self.gone.wait()

    @property
    def lines(self) -> list[Any]:
        assert self.text.endswith(b"\n") or not self.text
        return [json.loads(line) for line in self.text.splitlines()]

    async def more(self) -> None:
        """Wait for more to be written."""
        self._news.clear()
        await self._news.wait()

    async def until(self, count: int) -> list[Any]:
        """Wait for ``count`` lines and return all."""
        while len(self.lines) < count:
            await guarded(self.more())
        return self.lines


class Tailing:
    def __init__(
        self,
        *events: Any,
        stations: Iterable[str] = (),
        filter_text: str = "",
        settings: Settings | None = None,
        watched: bool = False,
        **options: Any,
    ) -> None:
        self.feed = ScriptedFeed(*events)
        self.paper = Paper()
        self.said: list[str] = []
        self.session = session_of(self.feed, **options)
        choice = StationChoice(
            self.session,
            stations,
            filter_text,
            self.said.append,
            settings or Settings(None, Config()),
            watched=watched,
        )
        tail = Tail(self.session, self.paper, self.said.append, choice=choice)
        self.task = asyncio.create_task(tail.run())


class Start(Protocol):
    def __call__(self, *events: Any, **options: Any) -> Tailing: ...


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Return ``start(*events, **options)``: a running tail."""
    tails: list[Tailing] = []

    def starts(*events: Any, **options: Any) -> Tailing:
        tails.append(Tailing(*events, **options))
        return tails[-1]

    yield starts
    for tail in tails:
        await cancel_and_wait(tail.task)
        assert tail.feed.closed
        tail.session.close()


def changes(lines: list[Any]) -> list[tuple[str, int, str | None, str | None]]:
    return [(line["station"], line["connector"], line["before"], line["after"]) for line in lines]


async def test_each_change_is_a_line(start: Start) -> None:
    tail = start(Connected(T0), report("a", "AVAILABLE"), report("a", "AVAILABLE", 1))
    assert await tail.paper.until(1) == [
        {
            "time": "2026-03-23T12:00:00.000Z",
            "station": "NOR_1",
            "name": None,
            "connector": 1,
            "before": None,
            "after": "free",
            "word": "AVAILABLE",
            "missed": False,
            "credit": None,
        }
    ]
    tail.feed.say(report("b", "CHARGING", 2), report("a", "CHARGING", 3))
    assert changes(await tail.paper.until(3))[1:] == [
        ("NOR_1", 2, None, "occupied"),
        ("NOR_1", 1, "free", "occupied"),
    ]
    assert tail.said == ["Connected to a source."]


async def test_given_stations_only(start: Start) -> None:
    events = [report("a", "AVAILABLE", station=f"NOR_{n}") for n in range(5)]
    tail = start(Connected(T0), *events, Ended(T0), stations=["NOR_1", "nor_003", "NOR_9"])
    with pytest.raises(UnknownStationError, match=r'No station has the id "NOR_9"\. Did you mean'):
        await guarded(tail.task)
    assert [line["station"] for line in tail.paper.lines] == ["NOR_1", "NOR_3"]
    assert [text for text in tail.said if '"NOR_9" is known yet' in text]


async def test_unknown_station_of_a_snapshot_ends_it(start: Start) -> None:
    snapshot = Snapshot([Station("NOR_01270", [Connector(0)])], T0)
    tail = start(Connected(T0), snapshot, stations=["NOR_1271"], sends_snapshot=True)
    with pytest.raises(UnknownStationError, match=r'"NOR_1271".* Did you mean "NOR_01270"'):
        await guarded(tail.task)


async def test_filter_selects_stations_and_connectors(start: Start) -> None:
    plugs = (Plug("CCS", 150.0), Plug("Type 2", 22.0))
    register = Register(
        {"NOR_1": Facts(place="Oslo", plugs=plugs), "NOR_2": Facts(place="Bergen", plugs=plugs)}
    )
    snapshot = Snapshot([Station(f"NOR_{n}", [Connector(0), Connector(0)]) for n in (1, 2)], T0)
    updates = [
        StationReport(Station(f"NOR_{n}", [Connector(1), Connector(1)]), T0 + 1) for n in (1, 2)
    ]
    tail = start(
        Connected(T0), snapshot, *updates, Ended(T0), filter_text="ccs oslo", register=register
    )
    await guarded(tail.task)
    assert changes(tail.paper.lines) == [("NOR_1", 1, "free", "occupied")]


async def test_names_come_from_the_register(start: Start) -> None:
    tail = start(
        Connected(T0),
        report("a", "AVAILABLE"),
        register=Register({"NOR_1": Facts(name="Fornebu S")}),
    )
    line = (await tail.paper.until(1))[0]
    assert (line["name"], line["credit"]) == ("Fornebu S", None)


async def test_each_name_has_its_credit(start: Start) -> None:
    events = [report("a", "AVAILABLE", station=f"NOR_{n}") for n in (1, 2)]
    tail = start(
        Connected(T0), *events, register=Register({"NOR_1": Facts(name="Fornebu S")}, credit=CREDIT)
    )
    assert [(line["name"], line["credit"]) for line in await tail.paper.until(2)] == [
        ("Fornebu S", CREDIT),
        (None, None),
    ]


async def test_ends_with_the_feed(start: Start) -> None:
    tail = start(Connected(T0), report("a", "AVAILABLE"), Ended(T0))
    await guarded(tail.task)
    assert len(tail.paper.lines) == 1
    assert tail.said == ["Connected to a source.", "a source has ended."]
    tail = start(Connected(T0), report("a", "AVAILABLE"))
    tail.feed.end()
    await guarded(tail.task)
    assert len(tail.paper.lines) == 1


async def test_refused_key_ends_it_after_all_lines(start: Start) -> None:
    tail = start(
        Connected(T0),
        report("a", "AVAILABLE"),
        Lost("it broke", T0, T0 + 1),
        Refused("HTTP 401", T0),
    )
    with pytest.raises(KeyRefusedError, match="HTTP 401"):
        await guarded(tail.task)
    assert len(tail.paper.lines) == 1
    assert tail.said == [
        "Connected to a source.",
        "Lost the link to a source: it broke. Retrying automatically.",
    ]


async def test_changes_while_disconnected_are_missed(start: Start) -> None:
    def snapshot(status: int, at: int) -> Snapshot:
        return Snapshot([Station("NOR_1", [Connector(status)])], T0 + at)

    tail = start(
        Connected(T0),
        snapshot(0, 0),
        Lost("", T0, T0 + 9),
        Connected(T0 + 9),
        snapshot(1, 9),
        update(0),
    )
    lines = await tail.paper.until(2)
    assert changes(lines) == [("NOR_1", 1, "free", "occupied"), ("NOR_1", 1, "occupied", "free")]
    assert [line["missed"] for line in lines] == [True, False]


# The reader


async def test_ends_when_the_reader_is_gone(start: Start) -> None:
    tail = start(Connected(T0))
    await settle()
    tail.paper.gone.set()
    await guarded(tail.task)
    tail = start(Connected(T0))
    await settle()
    tail.paper.error = BrokenPipeError()
    tail.feed.say(report("a", "AVAILABLE"))
    await guarded(tail.task)


async def test_other_write_errors_are_raised(start: Start) -> None:
    tail = start(Connected(T0))
    tail.paper.error = OSError(28, "No space left on device")
    tail.feed.say(report("a", "AVAILABLE"))
    with pytest.raises(OSError, match="No space left"):
        await guarded(tail.task)


async def test_slow_reader_pauses_the_feed_and_loses_nothing(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backpressure.BackpressureFeed.__init__, "__defaults__", (20,))
    # The limit of a batch that is not lossless.
    monkeypatch.setattr(batch_module, "MAX_ENTRIES", 5)
    events = [report("a", "AVAILABLE" if n % 2 else "CHARGING", n) for n in range(300)]
    tail = start(Connected(T0))
    await settle()
    tail.paper.room.clear()
    tail.feed.say(*events, Ended(T0 + 300))
    for _ in range(20):
        await settle()
    assert tail.paper.lines == []
    # The batch being written and the next one.
    assert 1 < tail.feed.taken <= 2 * 20 + 1
    tail.paper.room.set()
    await guarded(tail.task)
    lines = tail.paper.lines
    assert [line["after"] for line in lines] == [
        "free" if n % 2 else "occupied" for n in range(300)
    ]


async def test_large_snapshot_is_written_completely(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_module, "MAX_ENTRIES", 5)
    snapshots = [
        Snapshot([Station(f"NOR_{n}", [Connector(status)]) for n in range(50)], T0 + status)
        for status in (0, 1)
    ]
    tail = start(Connected(T0), *snapshots, Ended(T0))
    await guarded(tail.task)
    assert len(tail.paper.lines) == 50


# From one session to the next


async def test_first_sights_are_compared_with_the_last_known_state(
    start: Start, tmp_path: Path
) -> None:
    for word, before, after in (("AVAILABLE", None, "free"), ("CHARGING", "free", "occupied")):
        tail = start(
            Connected(T0),
            report("a", word, 1),
            Ended(T0 + 2),
            state_dir=tmp_path,
            clock=FakeClock(T0),
        )
        await guarded(tail.task)
        await asyncio.to_thread(tail.session.close)
        assert changes(tail.paper.lines) == [("NOR_1", 1, before, after)]


# Large sources

COUNTRY = 3000
"""Stations with five connectors each: half as many again as ``MAX_PENDING``."""


def country(status: int, at: int) -> bytes:
    return plain_snapshot(
        Station(f"NOR_{n}", [Connector(status, 0, at)] * 5) for n in range(COUNTRY)
    )


@pytest.mark.slow
async def test_tail_a_country_from_a_server(serve: Serve) -> None:
    async def stream(connection: ServerConnection) -> None:
        await connection.send(country(0, T0), text=True)
        for n in range(COUNTRY):
            changed = Station(f"NOR_{n}", [Connector(1, 0, T0 + 1)] * 5)
            await connection.send(plain_update(changed), text=True)
        await connection.wait_closed()

    url = await serve(stream, compression=None)

    async def dial() -> str:
        return url

    paper = Paper()
    tail = asyncio.create_task(
        Tail(session_of(StreamFeed(Link(dial), V1_CODEC)), paper, lambda _: None).run()
    )
    while paper.text.count(b"\n") < COUNTRY * 5:
        assert not tail.done()
        await guarded(paper.more())
    await cancel_and_wait(tail)


@pytest.mark.slow
async def test_tail_a_country_from_a_recording(tmp_path: Path) -> None:
    entries = [(country(n % 2, T0 + n), n * 1000) for n in range(4)]
    path = write(tmp_path / "country.jsonl", content(entries, "v1"))
    paper = Paper()
    with closing(RecordingFile.open(path)) as file:
        feed = RecordingFeed(file, speed=math.inf)
        await guarded(Tail(session_of(feed, clock=feed.clock), paper, lambda _: None).run())
    assert paper.text.count(b"\n") == COUNTRY * 5 * 3


def worlds() -> Settings:
    """Return settings with other stars and another home in a simulation."""
    watched = WatchedSection(stations=["NOR_1"], simulated=["NOR_2"])
    home = HomeSection(position=(60.0, 10.0), simulated=(50.0, 5.0))
    return Settings(None, Config(watched=watched, home=home))


PLACES = {
    "NOR_1": Facts(position=(60.0, 10.0)),
    "NOR_2": Facts(position=(50.0, 5.0)),
}


@pytest.mark.parametrize("simulated", [False, True])
async def test_a_simulation_behind_a_hub_has_its_own_stars_and_home(
    start: Start, simulated: bool
) -> None:
    for options in ({"watched": True}, {"filter_text": "starred"}, {"filter_text": "within:9km"}):
        both = [Station(f"NOR_{n}", [Connector(1, 0, T0)]) for n in (1, 2)]
        tail = start(
            Connected(T0),
            Snapshot(both, T0, hub=HubState(simulated=simulated)),
            settings=worlds(),
            register=Register(PLACES),
            **options,
        )
        for n in (1, 2):
            tail.feed.say(StationReport(Station(f"NOR_{n}", [Connector(0, 0, T0 + 1)]), T0 + 1))
        [line] = await tail.paper.until(1)
        assert line["station"] == ("NOR_2" if simulated else "NOR_1"), options


async def test_no_star_in_the_simulation_ends_it(start: Start) -> None:
    settings = Settings(None, Config(watched=WatchedSection(stations=["NOR_1"])))
    hub = Snapshot([], T0, hub=HubState(simulated=True))
    tail = start(Connected(T0), hub, settings=settings, watched=True)
    with pytest.raises(UnknownStationError, match="No station is starred"):
        await guarded(tail.task)


@pytest.mark.parametrize("simulated", [False, True])
async def test_stars_and_home_of_the_simulation_wait_for_what_a_hub_serves(
    start: Start, simulated: bool
) -> None:
    config = Config(
        watched=WatchedSection(simulated=["NOR_1"]), home=HomeSection(simulated=(60.0, 10.0))
    )
    for options, words in (
        ({"watched": True}, "No station is starred"),
        ({"filter_text": "near within:9km"}, "no home"),
    ):
        hub = Snapshot(
            [Station("NOR_1", [Connector(1, 0, T0)])], T0, hub=HubState(simulated=simulated)
        )
        tail = start(
            Connected(T0),
            settings=Settings(None, config),
            register=Register(PLACES),
            sends_snapshot=True,
            **options,
        )
        tail.feed.say(hub, update(0, at=1))
        if simulated:
            [line] = await tail.paper.until(1)
            assert line["station"] == "NOR_1"
            continue
        with pytest.raises(UnknownStationError, match=words):
            await guarded(tail.task)


async def test_no_star_at_all_is_said_before_connecting() -> None:
    session = session_of(ScriptedFeed(), sends_snapshot=True)
    with closing(session), pytest.raises(UnknownStationError, match="No station is starred"):
        StationChoice(session, (), "", print, Settings(None, Config()), watched=True)
