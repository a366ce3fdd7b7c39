"""Tests of decoding the statuses of Fintraffic's service."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.wire.finland import Status, decode_message, decode_statuses, time_of
from tests.for_each import for_each
from tests.wire.finland_answers import STATUSES, damaged, junk

TOPIC = "status-v1/FI/NYT/FINYT00001/FI*NYT*E12345"
TIME = 1_764_668_286_000


def test_decode_statuses() -> None:
    answer = decode_statuses(json.dumps(STATUSES).encode())
    assert answer.statuses == [
        Status("FI*NYT*E1", "CHARGING", TIME),
        Status("FI*NYT*E2", "AVAILABLE"),
    ]
    assert (answer.unreadable, answer.made_at) == (0, 0)


def test_time_of_statuses() -> None:
    assert (
        decode_statuses(b'{"statuses": [], "modifiedAt": "2025-12-02T09:38:06Z"}').made_at == TIME
    )


@for_each(
    ("entry", "unreadable"),
    [
        ({"evseId": "A", "status": "CHARGING", "time": 7}, 0),
        ({"evseId": "A", "status": "CHARGING", "time": "yesterday"}, 0),
        ({"evseId": "A", "status": "CHARGING", "time": None}, 0),
        ({"evseId": 7, "status": "CHARGING"}, 1),
        ({"evseId": "", "status": "CHARGING"}, 1),
        ({"evseId": "a\nb", "status": "CHARGING"}, 1),
        ({"evseId": "x" * 129, "status": "CHARGING"}, 1),
        ({"evseId": "A", "status": None}, 1),
        ({"status": "CHARGING"}, 1),
        ("A", 1),
        (None, 1),
    ],
)
def test_invalid_entry_is_skipped(entry: Any, unreadable: int) -> None:
    answer = decode_statuses(json.dumps({"statuses": [entry, *STATUSES["statuses"]]}).encode())
    assert answer.unreadable == unreadable
    assert len(answer.statuses) == 3 - unreadable
    if not unreadable:
        assert answer.statuses[0] == Status("A", "CHARGING")


@given(
    st.lists(
        st.sampled_from(
            [
                "2025-12-02T09:38:06Z",
                "2025-12-02T09:38:06.0019Z",
                "2025-12-02T11:38:06.500+02:00",
                "2025-12-02T09:38:06",
                "1969-12-31T23:59:59Z",
                None,
            ]
        ),
        max_size=4,
    )
)
def test_an_invalid_entry_does_not_change_the_others(times: list[str | None]) -> None:
    entries: list[Any] = [
        {"evseId": f"E{number}", "status": "CHARGING", "time": time}
        for number, time in enumerate(times)
    ]
    every = decode_statuses(json.dumps({"statuses": entries}).encode())
    assert [status.time for status in every.statuses] == [time_of(time) for time in times]
    with_invalid = decode_statuses(json.dumps({"statuses": [*entries, None]}).encode())
    assert with_invalid.statuses == every.statuses


@for_each("answer", [b"", b"null", b"[]", b"{}", b'{"statuses": null}', b"\xff", b"<html>"])
def test_response_without_statuses_is_not_readable(answer: bytes) -> None:
    with pytest.raises(NotReadableError, match="no list of statuses"):
        decode_statuses(answer)


@given(damaged(STATUSES))
def test_damaged_statuses_raise_only_not_readable(answer: Any) -> None:
    try:
        statuses = decode_statuses(json.dumps(answer).encode())
    except NotReadableError as error:
        assert str(error).isprintable()
    else:
        assert len(statuses.statuses) + statuses.unreadable == len(answer["statuses"])


def test_decode_message() -> None:
    status = decode_message(TOPIC, b'{"status": "CHARGING", "time": "2025-12-02T09:38:06.000Z"}')
    assert status == Status("FI*NYT*E12345", "CHARGING", TIME, "FINYT00001")


def test_evse_id_with_slash() -> None:
    assert decode_message("status-v1/FI/NYT/L/a/b", b'{"status": "X"}').evse_id == "a/b"


@for_each(
    "topic",
    [
        "",
        "status-v1",
        "status-v1/FI/NYT/L",
        "status-v1/FI/NYT//E",
        "status-v1/FI/NYT/L/",
        "other/a/b/c/d",
    ],
)
def test_topic_without_evse_is_not_readable(topic: str) -> None:
    with pytest.raises(NotReadableError):
        decode_message(topic, b'{"status": "CHARGING"}')


@given(junk)
def test_damaged_message_raises_only_not_readable(value: Any) -> None:
    for payload in (value, {"status": value, "time": value}, {"status": "CHARGING", "time": value}):
        try:
            status = decode_message(TOPIC, json.dumps(payload).encode())
        except NotReadableError as error:
            assert str(error).isprintable()
        else:
            assert status.time >= 0


@given(st.binary(max_size=40))
def test_any_bytes_raise_only_not_readable(payload: bytes) -> None:
    with contextlib.suppress(NotReadableError):
        decode_message(TOPIC, payload)


@for_each(
    ("text", "time"),
    [
        ("2025-12-02T09:38:06.000Z", TIME),
        ("2025-12-02T11:38:06+02:00", TIME),
        ("2025-12-02T09:38:06", TIME),
        ("1890-01-01T00:00:00Z", 0),
        ("2025-13-02T09:38:06Z", 0),
        (TIME, 0),
        (True, 0),
    ],
)
def test_time_of(text: Any, time: int) -> None:
    assert time_of(text) == time
