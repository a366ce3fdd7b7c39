"""Record the frames of a feed to a file in the format of ``wire/recording.py``, one line each.

A recorder is the tap of a link. It never overwrites a file, and flushes at least every second.
"""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO

from nobil_tui.wire.recording import RecordingHeader, encode_header, encode_line

FLUSH_INTERVAL = 1.0
"""Seconds between flushes."""
MAX_WAITING_BYTES = 256 * 1024 * 1024
"""The most bytes of frames that wait to be written; if there are more, recording stops."""
FLUSH_TIMEOUT = 5.0
"""Seconds that ``close`` waits for the last frames to be written."""


class RecordError(Exception):
    """A recording cannot be started. The message is safe to show."""


def _now() -> int:
    return time.time_ns() // 1_000_000


class Recorder:
    """Record frames. Pass it to a link as its ``tap``, check ``error`` regularly, and ``close`` it.

    ``rotate_size``: bytes after which a new file is started (``name.1.jsonl``, ``name.2.jsonl``,
    ...). ``rotate_daily``: one file for each day in UTC (``name.2026-03-24.jsonl``). A file whose
    name ends in ``.gz`` is compressed. ``codec``: name of the format of the frames. ``source`` must
    not contain a secret. ``every``: seconds between flushes. ``now``: returns the time in ms.
    Raises ``RecordError`` if the first file exists or cannot be created.
    """

    def __init__(
        self,
        path: Path,
        codec: str,
        *,
        rotate_size: int | None = None,
        rotate_daily: bool = False,
        simulated: bool = False,
        source: str = "",
        every: float = FLUSH_INTERVAL,
        now: Callable[[], int] = _now,
    ) -> None:
        self.error: str | None = None
        """Why recording stopped, for the user; None while it runs."""
        self.frames = 0
        """How many frames have been written."""
        self._files = _Files(
            path,
            encode_header(RecordingHeader(codec=codec, simulated=simulated, source=source)),
            rotate_daily,
        )
        self._rotate_size = rotate_size
        self._every = every
        self._news = threading.Condition()
        self._lines: list[tuple[bytes, int]] = []
        self._waiting = 0
        self._closing = False
        try:
            self._files.begin(now(), first=True)
        except FileExistsError:
            raise RecordError(f"{path} already exists; choose another name") from None
        except OSError as error:
            self._files.discard()
            raise RecordError(_words(self._files.path, error)) from None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path:
        """The file that is being written."""
        return self._files.path

    def __call__(self, data: bytes, at: int) -> None:
        """Record a frame received at ``at`` (ms); an empty one is a loss of the link. Returns at
        once."""
        with self._news:
            if self.error is not None or self._closing:
                return
            self._waiting += len(data)
            if self._waiting > MAX_WAITING_BYTES:
                self.error = f"recording stopped: the disk is too slow: {self.path}"
            else:
                self._lines.append((data, at))
            if self.error is not None or len(self._lines) == 1:
                # Once for each write, not for each frame: waking the thread costs power.
                self._news.notify_all()

    def close(self) -> None:
        """Write the remaining frames and close the file; see ``error`` for problems."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        self._thread.join(FLUSH_TIMEOUT)
        if self._thread.is_alive():
            self.error = (
                f"the end of the recording is missing: the disk does not respond: {self.path}"
            )

    def _run(self) -> None:
        try:
            while self._write(self._wait()):
                pass
            self._files.close()
        except OSError as error:
            self.error = f"recording stopped: {_words(self.path, error)}"
            self._files.abandon()

    def _wait(self) -> list[tuple[bytes, int]]:
        with self._news:
            self._news.wait_for(lambda: self._closing or self._lines or self.error)
            self._news.wait_for(lambda: self._closing or self.error, self._every)
            lines, self._lines, self._waiting = self._lines, [], 0
            return lines

    def _write(self, lines: list[tuple[bytes, int]]) -> bool:
        """Write lines; return whether to wait for more."""
        for data, at in lines:
            if self._files.is_over(at, self._rotate_size):
                self._files.close()
                self._files.begin(at)
            self._files.write(encode_line(data, at))
            self._files.empty = False
            self.frames += bool(data)
        self._files.flush()
        with self._news:
            return bool(self._lines) or not (self._closing or self.error)


class _Files:
    """The files of one recording, of which one is open at a time."""

    def __init__(self, path: Path, header: bytes, daily: bool) -> None:
        self.path = path
        self.empty = True
        """Whether the file contains only the header."""
        self._name = path
        self._header = header
        self._daily = daily
        self._day = ""
        self._disk: BinaryIO | None = None
        self._out: BinaryIO | gzip.GzipFile | None = None

    def begin(self, at: int, *, first: bool = False) -> None:
        """Create the next file, under an unused name."""
        self._day = _day(at) if self._daily else ""
        for number in count(0 if first or self._daily else 1):
            self.path = self._numbered(number)
            try:
                self._disk = self.path.open("xb")
                break
            except FileExistsError:
                if first and not self._daily:
                    raise
        self._out = self._disk
        if self.path.suffix == ".gz":
            self._out = gzip.GzipFile(filename="", mode="wb", fileobj=self._disk)
        self.empty = True
        self.write(self._header)
        self.flush()

    def is_over(self, at: int, size: int | None) -> bool:
        """Return whether a line received at ``at`` (ms) belongs in the next file."""
        if self._daily and _day(at) != self._day:
            return True
        return (
            size is not None
            and self._disk is not None
            and not self.empty
            and self._disk.tell() >= size
        )

    def write(self, line: bytes) -> None:
        """Write a line."""
        if self._out is not None:
            self._out.write(line)

    def flush(self) -> None:
        """Pass everything written to the operating system."""
        for file in (self._out, self._disk):
            if file is not None:
                file.flush()

    def close(self) -> None:
        """Close the file. Raises ``OSError``."""
        out, disk = self._out, self._disk
        self._out = self._disk = None
        try:
            if out is not None:
                out.close()
        finally:
            if disk is not None:
                disk.close()

    def abandon(self) -> None:
        """Close the file and ignore errors."""
        with suppress(OSError):
            self.close()

    def discard(self) -> None:
        """Close the file and delete it: not even its header was written."""
        created = self._disk is not None
        self.abandon()
        if created:
            with suppress(OSError):
                self.path.unlink()

    def _numbered(self, number: int) -> Path:
        zipped = ".gz" if self._name.suffix == ".gz" else ""
        plain = self._name.with_suffix("") if zipped else self._name
        parts = [plain.stem, self._day, str(number) if number else ""]
        return self._name.with_name(".".join(filter(None, parts)) + plain.suffix + zipped)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()


def _words(path: Path, error: OSError) -> str:
    return f"{path}: {error.strerror or 'it cannot be written'}"
