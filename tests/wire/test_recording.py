"""Lines of a recording: frames are preserved byte by byte, and damage is reported."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.wire.recording import (
    BREAK,
    RecordedFrame,
    RecordingHeader,
    decode_header,
    decode_line,
    encode_header,
    encode_line,
)
from tests.for_each import for_each

T0 = 1_774_267_200_107


def test_a_frame_is_written_unchanged() -> None:
    frame = b'{"nobilId":"NOR_04168", "status" : "AVAILABLE","big":1e400,"twice":1,"twice":2}'
    line = encode_line(frame, T0)
    assert line == b'{"received_at":"2026-03-23T12:00:00.107Z","frame":' + frame + b"}\n"
    assert decode_line(line) == RecordedFrame(frame, T0)


def test_break_is_empty_frame() -> None:
    line = encode_line(BREAK, T0)
    assert json.loads(line) == {"received_at": "2026-03-23T12:00:00.107Z", "frame": ""}
    assert decode_line(line) == RecordedFrame(BREAK, T0)


@for_each(
    ("frame", "field"),
    [
        (b"{}", "frame"),
        (b'{"a":"\xc3\xa6"}', "frame"),
        (b'""', "raw"),
        (b"[]", "raw"),
        (b"null", "raw"),
        (b" {}", "raw"),
        (b'{"a":\n1}', "raw"),
        (b"{}\r", "raw"),
        (b"{a}", "raw"),
        (b"{} {}", "raw"),
        (b"[" * 100_000, "raw"),
        (b'{"a":' * 100_000, "raw"),
        (b"\x00\x1b", "raw"),
        (b'{"a":"\xff"}', "base64"),
        (b'{"a":"\xed\xa0\x80"}', "base64"),
        (b"\xff\xfe", "base64"),
    ],
)
def test_a_frame_that_is_not_one_line_of_json_is_preserved(frame: bytes, field: str) -> None:
    line = encode_line(frame, T0)
    assert set(json.loads(line)) == {"received_at", field}
    assert decode_line(line) == RecordedFrame(frame, T0)


@given(st.binary(min_size=1) | st.text(min_size=1).map(str.encode), st.integers(0, 2**32 * 1000))
@example(b"\n", 0)
def test_any_frame_is_one_line_and_is_read_back(frame: bytes, at: int) -> None:
    line = encode_line(frame, at)
    assert line.count(b"\n") == 1
    assert line.isascii() or line.decode()
    assert decode_line(line) == RecordedFrame(frame, at)


@for_each(
    ("time", "at"),
    [
        ("2026-03-23T12:00:00.107322Z", T0),
        ("2026-03-23T12:00:00.107999999Z", T0 + 1),
        ("2026-03-23T13:00:00.107+01:00", T0),
        ("2026-03-23T12:00:00", T0 - 107),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_parses_times_of_other_recorders(time: str, at: int) -> None:
    assert decode_line(b'{"received_at":"%b","frame":{}}' % time.encode()).at == at


@for_each(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"frame":{}}',
        b'{"received_at":"2026-03-23T12:00:00Z"}',
        b'{"received_at":"2026-03-23T12:00:00Z","raw":1}',
        b'{"received_at":"2026-03-23T12:00:00Z","base64":"*"}',
        b'{"received_at":"2026-13-23T12:00:00Z","frame":{}}',
        b'{"received_at":"yesterday","frame":{}}',
        b'{"received_at":17,"frame":{}}',
        b'{"received_at":"2026-03-23T12:00:00Z","frame":{',
        b'{"received_at":"2026-03-23T12:00:00Z","frame":{}} {}',
        b'{"received_at":"2026-03-23T12:00:00Z","raw":"\xff"}',
        b'{"received_at":"2026-03-23T12:00:00Z","frame":' + b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_reports_a_damaged_line(line: bytes) -> None:
    with pytest.raises(NotReadableError) as raised:
        decode_line(line)
    assert str(raised.value).isprintable()


def test_a_damaged_frame_is_left_to_the_codec() -> None:
    assert decode_line(
        b'{"received_at":"2026-03-23T12:00:00.107Z","frame":"odd"}'
    ) == RecordedFrame(b'"odd"', T0)


def test_header_describes_the_recording() -> None:
    header = RecordingHeader(codec="v1", simulated=True, source="a simulation")
    line = encode_header(header)
    assert json.loads(line) == {
        "format": "nobil-tui recording",
        "version": 1,
        "codec": "v1",
        "simulated": True,
        "source": "a simulation",
    }
    assert decode_header(line) == header


@for_each("line", [b"", b"\x1f\x8b", b"{}", b'{"format":"zip","version":1}', b'{"received_at":1}'])
def test_other_first_lines_are_not_a_header(line: bytes) -> None:
    assert decode_header(line) is None


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (b'"version":2,"codec":"v1"', "newer version"),
        (b'"version":1,"codec":3', "damaged"),
        (b'"version":1', "damaged"),
        (b'"version":1,"codec":"v1","simulated":1', "damaged"),
    ],
)
def test_reports_an_unreadable_header(rest: bytes, words: str) -> None:
    with pytest.raises(NotReadableError, match=words):
        decode_header(b'{"format":"nobil-tui recording",%b}' % rest)


def test_control_characters_of_a_source_are_escaped() -> None:
    header = decode_header(
        b'{"format":"nobil-tui recording","version":1,"codec":"v1","source":"\\u001b[2J"}'
    )
    assert header is not None
    assert header.source == "·[2J"
