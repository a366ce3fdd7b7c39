"""The recorder: header, rotation, names of files, and full disks."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from nobil_tui.store import recorder as recorder_module
from nobil_tui.store.recorder import Recorder, RecordError
from nobil_tui.wire.recording import RecordingHeader, decode_header, decode_line
from tests.store.test_state_store import eventually

# Noon, in UTC.
T0 = 1_774_267_200_000
DAY = 24 * 3_600_000


def record(path: Path, *frames: tuple[bytes, int], **options: Any) -> Recorder:
    recorder = Recorder(path, "enova", every=0, now=lambda: T0, **options)
    for data, at in frames:
        before = recorder.frames
        recorder(data, at)
        # One at a time, so that the size of the file is known before the next frame.
        eventually(lambda before=before, data=data: recorder.frames == before + bool(data))  # type: ignore[misc]  # a lambda's defaults
    recorder.close()
    return recorder


def frames_in(path: Path) -> list[bytes]:
    raw = path.read_bytes()
    header, *lines = (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines()
    assert decode_header(header) == RecordingHeader(codec="enova")
    return [decode_line(line).data for line in lines]


def test_frames_are_written_to_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    recorder = record(path, (b'{"n":1}', T0), (b"", T0 + 1), (b"not JSON", T0 + 2))
    assert (recorder.error, recorder.frames) == (None, 2)
    assert frames_in(path) == [b'{"n":1}', b"", b"not JSON"]
    assert (
        json.loads(path.read_bytes().splitlines()[1])["received_at"] == "2026-03-23T12:00:00.000Z"
    )


def test_header_is_written_at_once(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.jsonl", "v1", simulated=True, source="a simulation")
    assert decode_header(recorder.path.read_bytes()) == RecordingHeader(
        codec="v1", simulated=True, source="a simulation"
    )
    recorder.close()


def test_frames_are_flushed_while_recording(tmp_path: Path) -> None:
    for name, unpack in (("a.jsonl", bytes), ("a.jsonl.gz", partly_unzipped)):
        recorder = Recorder(tmp_path / name, "enova", every=0)
        recorder(b'{"n":1}', T0)
        eventually(lambda r=recorder, u=unpack: b'{"n":1}' in u(r.path.read_bytes()))  # type: ignore[misc]  # a lambda's defaults
        recorder.close()


def partly_unzipped(data: bytes) -> bytes:
    """Return the readable part of a compressed file without an end."""
    lines: list[bytes] = []
    with gzip.open(io.BytesIO(data)) as file, suppress(EOFError):
        lines.extend(iter(file.readline, b""))
    return b"".join(lines)


def test_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("mine")
    with pytest.raises(RecordError, match="already exists"):
        Recorder(path, "v1")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["missing/a.jsonl", "file/a.jsonl", "x" * 300])
def test_file_that_cannot_be_created_is_reported(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordError) as raised:
        Recorder(tmp_path / name, "v1")
    assert str(tmp_path / name) in str(raised.value)


def test_rotation_by_size_uses_free_names(tmp_path: Path) -> None:
    (tmp_path / "a.2.jsonl").write_text("mine")
    recorder = record(
        tmp_path / "a.jsonl", *((b'{"n":%d}' % n, T0) for n in range(5)), rotate_size=160
    )
    assert {path.name for path in tmp_path.iterdir()} == {
        "a.jsonl",
        "a.1.jsonl",
        "a.2.jsonl",
        "a.3.jsonl",
    }
    assert (tmp_path / "a.2.jsonl").read_text() == "mine"
    found = [frames_in(tmp_path / name) for name in ("a.jsonl", "a.1.jsonl", "a.3.jsonl")]
    assert found == [[b'{"n":0}', b'{"n":1}'], [b'{"n":2}', b'{"n":3}'], [b'{"n":4}']]
    assert recorder.path.name == "a.3.jsonl"


def test_daily_rotation(tmp_path: Path) -> None:
    frames = [
        (b'{"n":1}', T0),
        (b'{"n":2}', T0 + DAY // 2 - 1),
        (b'{"n":3}', T0 + DAY // 2),
        (b'{"n":4}', T0 + 2 * DAY),
    ]
    record(tmp_path / "a.b.jsonl.gz", *frames, rotate_daily=True)
    record(tmp_path / "a.b.jsonl.gz", (b'{"n":5}', T0), rotate_daily=True)
    found = {path.name: frames_in(path) for path in tmp_path.iterdir()}
    assert found == {
        "a.b.2026-03-23.jsonl.gz": [b'{"n":1}', b'{"n":2}'],
        "a.b.2026-03-24.jsonl.gz": [b'{"n":3}'],
        "a.b.2026-03-25.jsonl.gz": [b'{"n":4}'],
        "a.b.2026-03-23.1.jsonl.gz": [b'{"n":5}'],
    }


def test_rotation_of_name_without_suffix(tmp_path: Path) -> None:
    record(tmp_path / "a", (b"{}", T0), (b"{}", T0), rotate_size=1)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "a.1"}


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_full_disk_stops_recording(tmp_path: Path, name: str) -> None:
    recorder = Recorder(tmp_path / name, "enova", every=0)
    with_limit(4096, lambda: fill(recorder))
    assert recorder.error is not None
    assert recorder.error.startswith(f"recording stopped: {tmp_path / name}: ")
    size = recorder.path.stat().st_size
    recorder(b"{}", T0)
    recorder.close()
    assert recorder.path.stat().st_size == size


def fill(recorder: Recorder) -> None:
    def more() -> bool:
        recorder(b'{"n":"%b"}' % bytes(range(48, 123)).replace(b"\\", b"") * 50, T0)
        return recorder.error is not None

    eventually(more)
    eventually(lambda: not recorder._thread.is_alive())


def with_limit(size: int, do: Callable[[], None]) -> None:
    """Call ``do`` while no file can grow beyond ``size`` bytes, like on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        do()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_slow_disk_stops_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "MAX_WAITING_BYTES", 10)
    recorder = Recorder(tmp_path / "a.jsonl", "enova", every=1000)
    recorder(b'{"n":1}', T0)
    recorder(b'{"n":2}', T0)
    assert recorder.error is not None
    assert "too slow" in recorder.error
    recorder.close()
    assert frames_in(tmp_path / "a.jsonl") == [b'{"n":1}']


def test_close_writes_remaining_frames(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.jsonl", "enova", every=1000)
    for n in range(100):
        recorder(b'{"n":%d}' % n, T0)
    recorder.close()
    recorder(b"{}", T0)
    recorder.close()
    assert len(frames_in(tmp_path / "a.jsonl")) == 100


def test_a_recording_that_cannot_be_started_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(recorder_module._Files, "flush", fail)
    with pytest.raises(RecordError, match="No space left on device"):
        Recorder(tmp_path / "a.jsonl", "v1")
    assert list(tmp_path.iterdir()) == []
    # A file that was there before stays.
    (tmp_path / "a.jsonl").write_text("mine")
    with pytest.raises(RecordError, match="already exists"):
        Recorder(tmp_path / "a.jsonl", "v1")
    assert (tmp_path / "a.jsonl").read_text() == "mine"
