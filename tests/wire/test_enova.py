"""Tests of the NOBIL Real-time decoder: documented, recorded and invalid frames."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.charging.conditions import Condition, condition_of, is_documented
from nobil_tui.charging.events import ConnectorReport, Ignored, Unreadable
from nobil_tui.charging.station import WordConnector
from nobil_tui.wire import enova
from nobil_tui.wire.status_words import MAX_WORD
from tests.feeds.enova_service import frame as service_frame
from tests.for_each import for_each

AT = 1_700_000_000_123


def frame(
    station: Any = "NOR_71098", key: Any = "1252", word: Any = "AVAILABLE", **more: Any
) -> bytes:
    return json.dumps({"nobilId": station, "evseUId": key, "status": word, **more}).encode()


def report(data: bytes) -> ConnectorReport:
    event = enova.decode(data, AT)
    assert isinstance(event, ConnectorReport)
    return event


def test_documented_frame() -> None:
    read = report(
        b'{"nobilId":"NOR_71098","evseUId":"3073f6ec-eff3-44bc-864e-4e02aa14e817","status":"AVAILABLE"}'
    )
    assert read.station_id == "NOR_71098"
    assert read.evse_uid == "3073f6ec-eff3-44bc-864e-4e02aa14e817"
    assert read.connector == WordConnector(0, 0, -1, "AVAILABLE")


@for_each(
    ("word", "condition", "sent_on"),
    [
        ("AVAILABLE", Condition.FREE, (0, 0)),
        ("CHARGING", Condition.OCCUPIED, (1, 0)),
        ("BLOCKED", Condition.BLOCKED, (1, 0)),
        ("RESERVED", Condition.RESERVED, (1, 0)),
        ("OUTOFORDER", Condition.FAULT, (-1, 1)),
        ("UNKNOWN", Condition.UNKNOWN, (-1, 0)),
        ("INOPERATIVE", Condition.NOT_IN_SERVICE, (-1, 0)),
        ("PLANNED", Condition.NOT_IN_SERVICE, (-1, 0)),
        ("REMOVED", Condition.NOT_IN_SERVICE, (-1, 0)),
    ],
)
def test_documented_words(word: str, condition: Condition, sent_on: tuple[int, int]) -> None:
    connector = report(frame(word=word)).connector
    assert connector.condition is condition
    assert (connector.status, connector.error) == sent_on
    assert connector.word == word
    assert is_documented(word)


@for_each("word", ["", "available", "AVAILABLE ", "FINISHING", "\x1b[2J", "x" * 1000])
def test_undocumented_word_is_kept_and_unknown(word: str) -> None:
    connector = report(frame(word=word)).connector
    assert connector.condition is Condition.UNKNOWN
    assert (connector.status, connector.error) == (-1, 0)
    assert connector.word.isprintable()
    assert len(connector.word) <= MAX_WORD + 1
    assert not is_documented(connector.word)


@for_each(
    "key", ["1252", "SE*VIR*E250276", "CSR-1", "BA2A75F4-CFD5-E811-A95E-000D3A29BA60", "x" * 128]
)
def test_ids_are_kept_unchanged(key: str) -> None:
    read = report(frame("NOR_076198", key))
    assert (read.station_id, read.evse_uid) == ("NOR_076198", key)


def test_undocumented_keys_are_ignored() -> None:
    assert report(frame(timestamp=5, nested={"a": []})) == report(frame())


BAD = [
    b" ",
    b"null",
    b"[]",
    b"{}",
    b'{"nobilId":"A","evseUId":"1"}',
    b'{"nobilId":"A","status":"AVAILABLE"}',
    b"\xff",
    b"[" * 200_000,
    b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    frame(station=71098),
    frame(station=""),
    frame(station="x" * 65),
    frame(station="A\x1b[0m"),
    frame(key=None),
    frame(key=1252),
    frame(key=""),
    frame(key="x" * 129),
    frame(key="1\n2"),
    frame(key="\u202e"),
    frame(key="\ud800"),
    frame(word=None),
    frame(word=0),
    frame(word=["AVAILABLE"]),
]


@for_each("bad", BAD)
def test_invalid_frame_is_unreadable(bad: bytes) -> None:
    event = enova.decode(bad, AT)
    assert isinstance(event, Unreadable)
    assert event.reason.isprintable()
    assert 0 < len(event.reason) < 160


TEXTS = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ["NOR_1", "AVAILABLE", "REMOVED"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["nobilId", "evseUId", "status"]) | TEXTS, inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(
    st.binary()
    | ANYTHING.map(lambda value: json.dumps(value).encode())
    | st.builds(frame, TEXTS, TEXTS, TEXTS)
)
def test_any_frame_decodes_or_is_unreadable(data: bytes) -> None:
    read = enova.decode(data, AT)
    if isinstance(read, Unreadable):
        assert read.reason.isprintable()
        return
    if isinstance(read, Ignored):
        assert not data
        return
    assert read.station_id.isprintable()
    assert read.evse_uid.isprintable()
    connector = read.connector
    assert connector.word.isprintable()
    # As version 1, it is free or in fault as here, and in use if it is blocked or reserved.
    as_version_1 = condition_of(connector.status, connector.error)
    match connector.condition:
        case Condition.FREE | Condition.FAULT | Condition.UNKNOWN:
            assert as_version_1 is connector.condition
        case Condition.NOT_IN_SERVICE:
            assert as_version_1 is Condition.UNKNOWN
        case _:
            assert as_version_1 is Condition.OCCUPIED


def captures() -> list[Path]:
    folder = os.environ.get("NOBIL_CAPTURES")
    if not folder:
        pytest.skip("NOBIL_CAPTURES names no folder with real frames (enova_*.jsonl)")
    files = sorted(Path(folder).glob("enova_*.jsonl"))
    assert files, f"no enova_*.jsonl in {folder}"
    return files


def test_recorded_frames() -> None:
    """Every recorded frame decodes to the values that the ``json`` module returns."""
    for file in captures():
        for number, line in enumerate(file.read_text().splitlines(), 1):
            said = json.loads(line)["frame"]
            if said == "":
                # The server closed the socket here.
                continue
            read = report(json.dumps(said).encode())
            assert (read.station_id, read.evse_uid) == (said["nobilId"], said["evseUId"]), (
                f"{file.name}:{number}"
            )
            assert read.connector.word == said["status"], f"{file.name}:{number}"
            assert is_documented(said["status"]), f"{file.name}:{number}"


def test_frame_is_connector_report() -> None:
    event = enova.decode(service_frame("NOR_076198", "SE*VIR*E250276", "OUTOFORDER").encode(), 7)
    assert isinstance(event, ConnectorReport)
    assert (event.station_id, event.evse_uid, event.at) == ("NOR_076198", "SE*VIR*E250276", 7)
    assert (event.connector.condition, event.connector.word) == (Condition.FAULT, "OUTOFORDER")


def test_empty_frame_is_ignored() -> None:
    assert enova.decode(b"", 7) == Ignored("", 7)


@for_each(
    "data", [b" ", b"{", b"null", b"[]", b"{}", b"\xff", b'{"nobilId": 71098}', b"[" * 100_000]
)
def test_invalid_frame_is_unreadable_event(data: bytes) -> None:
    event = enova.decode(data, 7)
    assert isinstance(event, Unreadable)
    assert event.reason.isprintable()
    assert event.reason


@given(
    st.binary()
    | st.builds(service_frame, st.text(), st.text(), st.text()).map(str.encode)
    | st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)
    ).map(lambda value: json.dumps(value).encode())
)
@example(service_frame("NOR_71098", "a\x1b[2J", "AVAILABLE").encode())
@example(service_frame("NOR_71098", "a", "\u202e" * 1000).encode())
def test_decoded_texts_are_printable(data: bytes) -> None:
    event = enova.decode(data, 7)
    assert event.at == 7
    if isinstance(event, ConnectorReport):
        assert event.station_id.isprintable()
        assert event.evse_uid.isprintable()
        assert event.connector.word.isprintable()
        assert len(event.connector.word) <= 41
    elif isinstance(event, Unreadable):
        assert event.reason.isprintable()
