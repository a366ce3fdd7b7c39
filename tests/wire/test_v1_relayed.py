"""Data that other servers may send under the keys of a hub, and data that our hub never sends."""

from __future__ import annotations

import json

from nobil_tui.charging.events import (
    Ignored,
    RawReport,
    Snapshot,
    StationReport,
    Unreadable,
)
from nobil_tui.charging.station import Connector, Station, WordConnector
from nobil_tui.wire import v1
from tests.conftest import START
from tests.for_each import for_each

STATION = {"uuid": "NOR_1", "connectors": [{"status": 0, "error": 0, "timestamp": 5}]}
HUBS = ["eu-1", 5, None, True, [], {"live": "no"}, {"downtime": -1}, {"downtime": 2**60}]


@for_each("hub", HUBS)
def test_the_key_of_a_hub_in_a_stream_of_others_is_ignored(hub: object) -> None:
    snapshot = v1.decode(
        json.dumps({"type": "snapshot:init", "hub": hub, "data": [STATION]}).encode(), START
    )
    assert isinstance(snapshot, Snapshot)
    assert (len(snapshot.stations), snapshot.hub) == (1, None)
    update = v1.decode(
        json.dumps({"type": "status:update", "hub": hub, "data": STATION}).encode(), START
    )
    assert isinstance(update, StationReport)
    assert update.station.connectors == [Connector(0, 0, 5)]


def test_words_and_notes_are_read_only_if_a_hub_says_so() -> None:
    connector = {"status": 1, "error": 0, "timestamp": 5, "word": "BLOCKED", "evse_uid": "a"}
    data = {"uuid": "NOR_1", "connectors": [connector], "confirmed": [7], "heard": [9]}
    foreign = v1.decode(json.dumps({"type": "status:update", "data": data}).encode(), START)
    assert isinstance(foreign, StationReport)
    assert foreign.station == Station("NOR_1", [Connector(1, 0, 5)])
    ours = v1.decode(
        json.dumps({"type": "status:update", "data": data, "hub": True}).encode(), START
    )
    assert isinstance(ours, StationReport)
    assert ours.station.connectors == [WordConnector(1, 0, 5, "BLOCKED")]
    track = ours.station.track
    assert track is not None
    assert (track.evse_uids, track.confirmed_each, track.heard_each) == (("a",), {0: 7}, {0: 9})


@for_each(
    "notes",
    [
        {"confirmed": [1, 2]},
        {"heard": [1, 2, 3]},
        {"confirmed": ["x"]},
        {"connectors": [{"evse_uid": "x" * 1000}]},
        {"connectors": [{"word": 5}]},
    ],
)
def test_notes_that_do_not_fit_are_dropped(notes: dict[str, object]) -> None:
    message = v1.decode(
        json.dumps({"type": "status:update", "data": STATION | notes, "hub": True}).encode(), START
    )
    assert isinstance(message, StationReport)
    assert message.station.track is None


def test_ids_that_are_not_unique_are_dropped() -> None:
    connectors = [{"evse_uid": "a", "word": "AVAILABLE"}] * 2
    data = {"uuid": "NOR_1", "connectors": connectors}
    message = v1.decode(
        json.dumps({"type": "status:update", "data": data, "hub": True}).encode(), START
    )
    assert isinstance(message, StationReport)
    assert message.station.evse_uids == ()


def test_control_characters_do_not_pass() -> None:
    bad = STATION | {"uuid": "NOR\u001b_1"}
    for kind in ("status:update", "status:raw"):
        data = {**bad, "connector": 0}
        frame = json.dumps({"type": kind, "data": data, "hub": True}).encode()
        assert isinstance(v1.decode(frame, START), Unreadable)
    raw = {"uuid": "NOR_1", "connector": 0, "word": "\u001bX", "timestamp": 3}
    message = v1.decode(
        json.dumps({"type": "status:raw", "data": raw, "hub": True}).encode(), START
    )
    assert isinstance(message, RawReport)
    assert message.connector.word.isprintable()
    state = {"reason": "\u001b[31mred", "live": False}
    report = v1.decode(json.dumps({"type": "hub:state", "data": state}).encode(), START)
    assert "\u001b" not in repr(report)
    assert isinstance(v1.decode(b'{"type":"hub:state","data":5}', START), Ignored)
