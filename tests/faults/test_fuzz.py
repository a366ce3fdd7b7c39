"""Thousands of frames for each decoder: no exception leaves its package, and bad frames are
counted.

``--faults-long`` makes 300,000 of each.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nobil_tui.base.decoding import DECODE_ERRORS, NotReadableError
from nobil_tui.base.text import escaped
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import (
    MAX_SAMPLE,
    ConnectorReport,
    Event,
    Ignored,
    RawReport,
    Snapshot,
    StationReport,
    Unreadable,
)
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.errors import ConfigError
from nobil_tui.config.model import Config
from nobil_tui.config.reading import parse_config
from nobil_tui.config.template import TEMPLATE
from nobil_tui.feeds.transport.enova_token import url_of
from nobil_tui.feeds.transport.failures import parse_retry_after
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.monitor.stream_record import MAX_BAD_FRAMES
from nobil_tui.register import cache
from nobil_tui.register.cache import CacheError, Origin, load_register, save_register
from nobil_tui.search.completion import completions
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.index import StationIndex
from nobil_tui.wire.codecs import CODECS
from nobil_tui.wire.finland import decode_message, decode_statuses
from nobil_tui.wire.finland_register import decode_locations, decode_tariffs
from nobil_tui.wire.mqtt import Decoder
from nobil_tui.wire.recording import decode_header, decode_line
from nobil_tui.wire.register import decode_register
from tests.conftest import START, FakeClock, guarded
from tests.faults.fuzzing import Fuzzer
from tests.faults.table import RecordFault
from tests.tui.app_driver import HandFeed
from tests.wire.finland_answers import LOCATIONS, STATUSES, TARIFFS
from tests.wire.test_mqtt import ALL as MQTT
from tests.wire.test_register import FULL, envelope

FRAMES = 10_000
SEED = int(os.environ.get("NOBIL_FUZZ_SEED", "1"))
MAX_REASON = 300
"""Characters of a reason: they are shown in one line of the log."""

_encode = msgspec.json.Encoder().encode
STATION = {
    "uuid": "NOR_00001",
    "status": 1,
    "connectors": [{"status": 0, "error": 0, "timestamp": START}, {"status": 1, "error": 1}],
}
V1 = [
    _encode({"type": "snapshot:init", "data": [STATION, {**STATION, "uuid": "NOR_00002"}]}),
    _encode({"type": "status:update", "data": STATION}),
    _encode(
        {
            "type": "status:raw",
            "data": {"uuid": "NOR_00001", "connector": 0, "status": 1, "error": 0, "timestamp": 1},
        }
    ),
    _encode({"type": "heartbeat", "data": None}),
]
ENOVA = [_encode({"nobilId": "NOR_00001", "evseUId": "SE*VIR*E1", "status": "AVAILABLE"})]
MESSAGE = _encode(
    {
        "topic": "status-v1/FI/NYT/FINYT00001/FI*NYT*E1",
        "payload": {"status": "CHARGING", "time": "2025-12-02T09:38:06.000Z"},
    }
)
TOPIC = "status-v1/FI/NYT/FINYT00001/FI*NYT*E1"
FINLAND = [
    MESSAGE,
    _encode({**STATUSES, "connectedAt": START, "gap": 100, "skew": -5}),
]
RECORDING = [
    b'{"received_at":"2026-03-23T12:00:00.107Z","frame":%b}' % ENOVA[0],
    b'{"received_at":"2026-03-23T12:00:00.107Z","frame":""}',
    b'{"received_at":"2026-03-23T12:00:00.107Z","raw":"no JSON"}',
    b'{"received_at":"2026-03-23T12:00:00.107Z","base64":"//79"}',
    b'{"format":"nobil-tui recording","version":1,"codec":"v1","simulated":false,"source":"x"}',
]


def count_of(faults_long: bool) -> int:
    return FRAMES * 30 if faults_long else FRAMES


# Streams: what is decoded also passes the board


def texts_of(event: Event) -> Iterable[str]:
    """Return the texts from outside that an event carries on."""
    match event:
        case Snapshot(stations):
            for station in stations:
                yield from (station.id, *station.evse_uids)
                yield from (connector.word for connector in station.connectors)
        case StationReport(station):
            yield from (station.id, *(connector.word for connector in station.connectors))
        case ConnectorReport(station_id, evse_uid, connector):
            yield from (station_id, evse_uid, connector.word)
        case RawReport(station_id):
            yield station_id
        case Unreadable(reason):
            yield reason
        case Ignored(type_):
            yield type_


def apply(board: Board, event: Event) -> None:
    match event:
        case Snapshot(stations, at, unreadable, gap):
            board.apply_snapshot(stations, at, partial=unreadable > 0, gap=gap)
        case StationReport(station, at):
            board.apply_station(station, at)
        case ConnectorReport(station_id, evse_uid, connector, at):
            board.apply_connector(station_id, evse_uid, connector, at)
        case RawReport(station_id, index, connector, at):
            board.apply_raw_report(station_id, index, connector, at)


@pytest.mark.parametrize(("codec", "valid"), [("v1", V1), ("enova", ENOVA), ("finland", FINLAND)])
def test_a_stream(
    codec: str, valid: list[bytes], record_fault: RecordFault, faults_long: bool
) -> None:
    decode, board = CODECS[codec].decoder(), Board()
    kinds: Counter[str] = Counter()
    count = count_of(faults_long)
    for number, frame in enumerate(Fuzzer(SEED, valid).frames(count)):
        event = decode(frame, START + number)
        kinds[type(event).__name__] += 1
        for text in texts_of(event):
            assert text.isprintable(), (frame, event)
            assert len(text) <= MAX_REASON, (frame, event)
        apply(board, event)
        if number % 20_000 == 0:
            board, decode = Board(), CODECS[codec].decoder()
    assert kinds.total() == count
    # Both the good and the bad path are tried.
    assert count / 20 < kinds["Unreadable"] < count * 0.95, kinds
    assert kinds.total() - kinds["Unreadable"] - kinds["Ignored"] > count / 20, kinds
    seen = ", ".join(f"{number:,} {kind}" for kind, number in kinds.most_common())
    record_fault(f"fuzz: {codec} frames", count, seen, "no state")


async def test_each_bad_frame_is_counted_and_can_be_looked_at() -> None:
    decode = CODECS["v1"].decoder()
    events = [decode(frame, START + n) for n, frame in enumerate(Fuzzer(SEED, V1).frames(2_000))]
    wanted = sum(isinstance(event, Unreadable) for event in events)
    wanted += sum(event.unreadable for event in events if isinstance(event, Snapshot))
    feed = HandFeed()
    feed.put(*events)
    feed.end()
    monitor = Monitor(feed, clock=FakeClock())
    await guarded(monitor.run())
    assert (monitor.counts.frames, monitor.counts.unreadable) == (len(events), wanted)
    shown = [frame for frame in monitor.record.bad_frames if frame.sample]
    assert len(shown) == MAX_BAD_FRAMES
    assert all(len(frame.sample) <= MAX_SAMPLE for frame in shown)
    assert all(escaped(frame.sample, 400).isprintable() for frame in shown)


# Other decoders: they return something, or raise NotReadableError

OTHERS: dict[str, tuple[list[bytes], Callable[[bytes], Any]]] = {
    "Finland's statuses": ([_encode(STATUSES)], decode_statuses),
    "MQTT packets": (
        [MQTT, *(MQTT[at:] for at in (4, 8, 12))],
        lambda data: [*Decoder(1 << 20).feed(data)],
    ),
    "MQTT messages": (
        [b'{"status": "CHARGING", "time": "2025-12-02T09:38:06.000Z"}'],
        lambda data: decode_message(TOPIC, data),
    ),
    "recorded lines": (RECORDING, lambda data: (decode_header(data), decode_line(data))),
    "register": ([_encode(envelope(FULL)), _encode([FULL])], decode_register),
    "OCPI locations": ([_encode(LOCATIONS)], lambda data: decode_locations(data, {})),
    "OCPI tariffs": ([_encode(TARIFFS)], decode_tariffs),
}
SMALL: dict[str, tuple[list[bytes], Callable[[bytes], Any]]] = {
    "token": (
        [b'{"url":"wss://example.org/?token=abc","message":"x"}'],
        lambda data: url_of(data, plain=False),
    ),
    "Retry-After": (
        [b"Wed, 21 Oct 2026 07:28:00 GMT", b"120"],
        lambda data: parse_retry_after(data.decode("latin-1"), START),
    ),
}
"""What answers once in a connection."""


@pytest.mark.parametrize("name", [*OTHERS, *SMALL])
def test_a_decoder(name: str, record_fault: RecordFault, faults_long: bool) -> None:
    valid, decode = (OTHERS | SMALL)[name]
    read = 0
    count = count_of(faults_long) if name in OTHERS else FRAMES // 4
    for frame in Fuzzer(SEED, valid).frames(count):
        try:
            decode(frame)
            read += 1
        except NotReadableError as error:
            assert str(error).isprintable(), (frame, error)
            assert len(str(error)) <= MAX_REASON, (frame, error)
    assert 0 < read <= count
    record_fault(f"fuzz: {name}", count, f"{read:,} read, the rest refused", "no state")


def test_a_stored_register(tmp_path: Path, record_fault: RecordFault, faults_long: bool) -> None:
    path = tmp_path / "register.msgpack"
    save_register(path, {"NOR_1": Facts(name="Torget")}, {"NOR": Origin(START)})
    body = bytes(msgspec.msgpack.decode(path.read_bytes(), type=cache._File).body)
    bad, count = 0, 20_000 if faults_long else 2_000
    for frame in Fuzzer(SEED, [path.read_bytes()]).frames(500 if faults_long else 100):
        path.write_bytes(frame)
        try:
            load_register(path)
        except CacheError as error:
            bad += 1
            assert str(error).isprintable()
    for frame in Fuzzer(SEED, [body]).frames(count):
        with suppress(*DECODE_ERRORS, IndexError):
            cache._unpacked(cache._body(frame))
    record_fault("fuzz: stored register", count, f"{bad:,} refused", "no state")


# What users write

CONFIG_TEXT = TEMPLATE.replace("\n# ", "\n").encode()
FILTERS = [
    b'ccs >=150kw free op:"circle k" -tesla near:59.91,10.75 within:20km price<0.40',
    b'place:oslo,bergen id:nor_1 -plug:type2 22kw country:swe stale "a b" type 2',
]


def test_config_text(record_fault: RecordFault, faults_long: bool) -> None:
    settings = [
        b'[watched]\nstations = ["A", "B"] # mine\n',
        b'[stream]\nsource = "wss://example.org/?key=1"\napi_key = "abc"\n',
        b"[home]\nposition = [59.9, 10.7]\n",
        b'[interface]\nsort = "name"\nascii = true\npin_starred = false\n',
        b'[interface.keys]\nstar = ["s", "f2"]\nquit = "q"\n',
        b'[filters]\nFast = "ccs >=150kw"\n[history]\nrecord = "all"\n',
        b'[alerts]\nnotify = "auto"\n[[alerts.rule]]\nstation = "A"\nrepeat = true\n',
    ]
    path, count, read = Path("config.toml"), 100_000 if faults_long else 800, 0
    for text in Fuzzer(SEED, settings).frames(count):
        try:
            _, config = parse_config(path, text)
            assert isinstance(config, Config)
            read += 1
        except ConfigError as error:
            assert str(error).startswith("config.toml:"), (text, error)
            assert str(error).isprintable(), (text, error)
    assert count / 50 < read < count * 0.9
    record_fault("fuzz: config", count, f"{read:,} read, the rest with its line", "no state")


def test_filter_text(record_fault: RecordFault, faults_long: bool) -> None:
    register = Register({"NOR_1": Facts(name="Torget", place="Oslo", position=(59.9, 10.7))})
    board, index = Board(), StationIndex(register)
    board.apply_snapshot([Station("NOR_1", [Connector(0)])], START)
    count = 100_000 if faults_long else 2_000
    problems = 0
    for number, data in enumerate(Fuzzer(SEED, FILTERS).frames(count)):
        text = data.decode(errors="surrogateescape" if number % 2 else "replace")
        query = parse_query(text, (59.9, 10.7))
        for problem in query.problems:
            assert 0 <= problem.start <= problem.end <= len(text)
            assert problem.message
        problems += bool(query.problems)
        if number % 8 == 0:
            index.matching(["NOR_1"], query, board, START)
            completions(text, number % (len(text) + 1), index.field_values)
    assert count / 50 < problems < count
    record_fault("fuzz: filter", count, f"{problems:,} with a message", "no state")


def test_the_fuzzer_is_repeatable_and_diverse() -> None:
    frames = [*Fuzzer(7, V1).frames(2_000)]
    assert frames == [*Fuzzer(7, V1).frames(2_000)]
    assert len(set(frames)) > 1_000
    valid = 0
    for frame in frames:
        with suppress(ValueError, RecursionError):
            json.loads(frame)
            valid += 1
    assert 300 < valid < 1_700
