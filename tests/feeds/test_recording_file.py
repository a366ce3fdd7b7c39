"""Recording files: valid ones are read in chunks, and all others are rejected with a reason."""

from __future__ import annotations

import errno
import gzip
import os
import random
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.feeds import recording_file
from nobil_tui.feeds.recording_file import (
    CHUNK_BYTES,
    MAX_DAMAGED_LINES,
    PROBE_BYTES,
    DamagedLine,
    RecordingFile,
)
from nobil_tui.feeds.source import SourceError
from nobil_tui.wire.recording import BREAK, RecordedFrame, RecordingHeader, encode_header
from tests.feeds.recordings import T0, content, said, write

FREE, BUSY = said("AVAILABLE"), said("CHARGING")
ENTRIES = [(FREE, 0), (BREAK, 7), (BUSY, 7000)]
LINES = [RecordedFrame(data, T0 + at) for data, at in ENTRIES]


def lines(path: Path) -> list[RecordedFrame | DamagedLine]:
    with closing(RecordingFile.open(path)) as file:
        return [line for line in file.lines() if line is not None]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "whatever"])
@pytest.mark.parametrize("codec", ["v1", "enova", None])
def test_reads_what_was_written(tmp_path: Path, name: str, codec: str | None) -> None:
    path = write(tmp_path / name, content(ENTRIES, codec, simulated=True))
    with closing(RecordingFile.open(path)) as file:
        assert file.has_header is (codec is not None)
        assert file.header == (
            RecordingHeader(codec=codec, simulated=True)
            if codec is not None
            else RecordingHeader(codec="enova")
        )
        assert file.start == T0
        for _ in range(2):
            assert [line for line in file.lines() if line is not None] == LINES


def test_detects_compression_by_content(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(gzip.compress(content(ENTRIES)))
    assert lines(path) == LINES


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_progress_is_the_share_read(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, content([(os.urandom(3000), n) for n in range(100)]))
    with closing(RecordingFile.open(path)) as file:
        passed = [file.fraction for line in file.lines() if line is not None]
        assert passed == sorted(passed)
        assert passed[0] < 0.2
        assert 0.4 < passed[50] < 0.8
        assert file.fraction == 1
    assert file.fraction == 1


def test_reads_in_chunks(tmp_path: Path) -> None:
    data = content([(b'{"a":"%b"}' % (b"x" * 10 * CHUNK_BYTES), 0), (FREE, 1)])
    with closing(RecordingFile.open(write(tmp_path / "a.jsonl", data))) as file:
        found = list(file.lines())
    assert found.count(None) == len(data) // CHUNK_BYTES + 1
    assert found.index(None) < 1
    assert [line for line in found if line is not None][1] == RecordedFrame(FREE, T0 + 1)


# Not a recording


def refused(path: Path) -> str:
    with pytest.raises(SourceError) as raised:
        RecordingFile.open(path)
    text = str(raised.value)
    assert text.isprintable()
    assert text.endswith(".")
    return text


def test_rejects_a_missing_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "a\x1b.jsonl") == f"{tmp_path}/a·.jsonl does not exist."
    (tmp_path / "day.jsonl.gz").touch()
    with pytest.raises(SourceError, match=r'jsonl does not exist\. Did you mean "day\.jsonl\.gz"'):
        RecordingFile.open(tmp_path / "day.jsonl")


def test_rejects_a_folder_or_special_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is a folder" in refused(tmp_path)
    assert "is not a regular file" in refused(tmp_path / "pipe")
    assert "is not a valid file name" in refused(Path("a\0b"))
    assert "cannot be read" in refused(tmp_path / ("x" * 300))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is not a recording"),
        (b"hello\nworld\n", "it is not a recording"),
        (b"{}\n" * 200, "it is not a recording"),
        (bytes(3 * PROBE_BYTES), "it is not a recording"),
        (b'{"a":1}\n' * (PROBE_BYTES // 4), "it is not a recording"),
        (b"\x1f\x8b", "it is not a recording"),
        (b"\x1f\x8bhello, world", "damaged compressed data"),
        (gzip.compress(b"hello"), "it is not a recording"),
        (b'{"format":"nobil-tui recording","version":2}\n', "newer version"),
        (b'{"format":"nobil-tui recording","version":1,"codec":7}\n', "first line is damaged"),
        (encode_header(RecordingHeader(codec="v1")) + b"{}\n" * 200, "its first lines are damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_rejects_a_file_that_is_not_a_recording(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(data)
    assert words in refused(tmp_path / "a.jsonl")


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_mark_of_an_editor_does_not_hide_the_header(tmp_path: Path, name: str) -> None:
    """It says whether the data are simulated."""
    data = content([(b'{"type":"heartbeat","data":null}', 0)], "v1", simulated=True)
    file = RecordingFile.open(write(tmp_path / name, b"\xef\xbb\xbf" + data))
    assert (file.header.codec, file.header.simulated, file.start) == ("v1", True, T0)
    assert [type(line) for line in file.lines() if line] == [RecordedFrame]
    file.close()


def test_accepts_a_recording_without_frames(tmp_path: Path) -> None:
    with closing(RecordingFile.open(write(tmp_path / "a.jsonl", content([])))) as file:
        assert file.start is None
        assert [line for line in file.lines() if line is not None] == []


def test_damaged_lines_before_the_first_frame_are_skipped(tmp_path: Path) -> None:
    for feed in ("enova", None):
        rubbish = b"rubbish\n" * MAX_DAMAGED_LINES
        first, *rest = content(ENTRIES, feed).splitlines(keepends=True)
        data = first + rubbish + b"".join(rest) if feed else rubbish + first + b"".join(rest)
        found = lines(write(tmp_path / "a.jsonl", data))
        assert found[MAX_DAMAGED_LINES:] == LINES
        assert isinstance(found[0], DamagedLine)


# Damage


def test_a_damaged_line_is_reported_with_its_number(tmp_path: Path) -> None:
    first, *rest = content(ENTRIES).splitlines(keepends=True)
    path = write(
        tmp_path / "a.jsonl", first + rest[0] + b"\n \r\n{\x1b}\n" + rest[1] + b"\xff\n" + rest[2]
    )
    found = lines(path)
    assert [line for line in found if isinstance(line, RecordedFrame)] == LINES
    damaged = [line.reason for line in found if isinstance(line, DamagedLine)]
    assert [reason.partition(":")[0] for reason in damaged] == ["line 5", "line 7"]
    assert all(reason.isprintable() for reason in damaged)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_truncated_last_line_is_not_damage(tmp_path: Path, name: str) -> None:
    data = content(ENTRIES)
    for left in range(1, len(data.splitlines()[-1])):
        cut = data.splitlines(keepends=True)[-1][:left]
        assert lines(write(tmp_path / name, content(ENTRIES[:2]) + cut)) == LINES[:2]


def test_reads_a_complete_last_line_without_a_line_feed(tmp_path: Path) -> None:
    assert lines(write(tmp_path / "a.jsonl", content(ENTRIES)[:-1])) == LINES


@pytest.mark.parametrize(
    "time", ["1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
def test_an_impossible_time_is_damage(tmp_path: Path, time: str) -> None:
    line = b'{"received_at":"%b","frame":{}}\n' % time.encode()
    found = lines(write(tmp_path / "a.jsonl", content(ENTRIES) + line))
    assert found == [*LINES, DamagedLine("line 5: its time is out of range")]


@pytest.fixture
def short_lines(monkeypatch: pytest.MonkeyPatch) -> int:
    """A shorter maximum line length, since the real one needs much memory."""
    monkeypatch.setattr(recording_file, "MAX_LINE", 1024 * 1024)
    return 1024 * 1024


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_line_that_is_too_long_is_discarded(tmp_path: Path, name: str, short_lines: int) -> None:
    long = b'{"received_at":"2026-03-23T12:00:00Z","frame":{"a":"%b"}}\n' % (
        b"x" * 30 * short_lines
    )
    data = content(ENTRIES)
    path = write(tmp_path / name, data + long + content([(FREE, 9)], None) + long[:-1])
    del long
    tracemalloc.start()
    try:
        found = lines(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [
        *LINES,
        DamagedLine("line 5 is longer than 1 MiB"),
        RecordedFrame(FREE, T0 + 9),
        DamagedLine("line 7 is longer than 1 MiB"),
    ]
    assert peak < 3 * short_lines


def test_reads_a_line_of_the_maximum_length(tmp_path: Path, short_lines: int) -> None:
    head, tail = b'{"received_at":"2026-03-23T12:00:00Z","frame":{"a":"', b'"}}'
    fits = head + b"x" * (short_lines - len(head) - len(tail)) + tail
    found = lines(
        write(tmp_path / "a.jsonl", content(ENTRIES) + fits + b"\n" + fits + b" \n" + fits)
    )
    assert [isinstance(line, RecordedFrame) for line in found[3:]] == [True, False, True]


def test_an_unknown_codec_is_named_in_the_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", content(ENTRIES, "ocpi"))
    with pytest.raises(SourceError) as raised:
        RecordingFile.open(path)
    assert (
        str(raised.value) == 'This recording holds "ocpi" frames, which this version cannot read.'
    )


def test_damaged_compressed_data_end_the_recording_with_a_damaged_line(tmp_path: Path) -> None:
    # Seeded: random bytes can sometimes be decompressed in part.
    rubbish = random.Random(1).randbytes
    entries = [(said("AVAILABLE", key=rubbish(20).hex()), n) for n in range(3000)]
    whole = gzip.compress(content(entries))
    for data, right in (
        (whole[: len(whole) // 2] + rubbish(5000), 1000),
        (whole[:-8] + b"\0\0\0\0" + whole[-4:], 3000),
        (whole + b"rubbish", 3000),
    ):
        path = tmp_path / "a.jsonl.gz"
        path.write_bytes(data)
        *good, last = lines(path)
        assert last == DamagedLine("the rest of the file: the compressed data are damaged")
        assert good[:right] == [RecordedFrame(frame, T0 + at) for frame, at in entries[:right]]


def test_truncated_compressed_data_are_not_damage(tmp_path: Path) -> None:
    entries = [(said("AVAILABLE", key=os.urandom(20).hex()), n) for n in range(3000)]
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(content(entries))[:-30_000])
    found = lines(path)
    assert 1000 < len(found) < 3000
    assert found == [RecordedFrame(frame, T0 + at) for frame, at in entries[: len(found)]]


def test_a_disk_error_ends_the_recording_with_a_damaged_line(tmp_path: Path) -> None:
    class Failing:
        """Returns one chunk, then fails as a broken disk does."""

        def __init__(self, data: bytes) -> None:
            self._chunks: Iterator[bytes] = iter([data])

        def seek(self, _: int) -> None: ...

        def read(self, _: int) -> bytes:
            for chunk in self._chunks:
                return chunk
            raise OSError(errno.EIO, "Input/output error")

    data = content(ENTRIES)
    with closing(RecordingFile.open(write(tmp_path / "a.jsonl", data))) as file:
        real, file._raw = file._raw, Failing(data)  # type: ignore[assignment] # a real file cannot be made to fail
        assert [line for line in file.lines() if line is not None] == [
            *LINES,
            DamagedLine("the rest of the file: Input/output error"),
        ]
        file._raw = real


def test_concatenated_recordings_have_a_break_in_between(tmp_path: Path) -> None:
    both = content([(FREE, 0)]) + content([(BUSY, 9)])
    assert lines(write(tmp_path / "a.jsonl", both)) == [
        RecordedFrame(FREE, T0),
        RecordedFrame(BREAK, T0),
        RecordedFrame(BUSY, T0 + 9),
    ]
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(content([(FREE, 0)])) + gzip.compress(content([(BUSY, 9)])))
    assert lines(path) == [
        RecordedFrame(FREE, T0),
        RecordedFrame(BREAK, T0),
        RecordedFrame(BUSY, T0 + 9),
    ]


def test_a_file_removed_during_playback_plays_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", content(ENTRIES))
    with closing(RecordingFile.open(path)) as file:
        path.unlink()
        assert [line for line in file.lines() if line is not None] == LINES


@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from(content(ENTRIES).splitlines(keepends=True)),
        max_size=12,
    )
)
def test_any_content_is_only_damage(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    path = write(tmp_path_factory.mktemp("any") / "a.jsonl", content(ENTRIES) + b"".join(pieces))
    found = lines(path)
    assert found[:3] == LINES
    assert all(isinstance(line, RecordedFrame | DamagedLine) for line in found)
