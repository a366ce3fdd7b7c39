"""The file of a recording: opened, told from what is none, and read line by line as often as is asked.

Reading is done in chunks, so that whoever reads can do something else between two of them. A recording that is still
being made, or whose recorder was killed, ends in the middle of a line or of the compressed data: that is no damage.
"""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self

from msgspec import Struct

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.source import SourceError
from nobil_tui.wire.recording import BREAK, MAX_LINE, RecordedFrame, RecordingHeader, decode_header, decode_line

CHUNK_BYTES = 64 * 1024
"""Bytes that are read, and unpacked, at a time."""
PROBE_BYTES = 1024 * 1024
"""Bytes within which a file without our first line has a line of a recording, if it is one."""
MAX_DAMAGED_LINES = 100
"""Damaged lines after which the first frame is no longer looked for."""
EARLIEST, LATEST = 946_684_800_000, 4_102_444_800_000
"""Between which times a recording can have been made, in ms: the years 2000 to 2099."""

_ZIPPED = b"\x1f\x8b"
_ZIP_DAMAGED = "the compressed data are damaged"


class DamagedLine(Struct, frozen=True):
    """A line that cannot be read, and why, in words safe to show."""

    reason: str


class _Text(NamedTuple):
    data: bytes | None
    """Without the line feed; None for what is too long to be read."""
    whole: bool = True
    """Whether the line feed was there."""


class RecordingFile:
    """A recording that is open. Make one with ``open``."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("rb", buffering=0)
        self._size = os.fstat(self._raw.fileno()).st_size
        self._zipped = False
        self._passed = 0
        """Bytes of the lines that were read, as they are when they are not compressed."""
        self.header = RecordingHeader(feed="enova")
        """What it says of itself; where it says nothing, what is taken for granted."""
        self.has_header = False
        """Whether it has the first line that this program writes."""
        self.start: int | None = None
        """When its first frame came, in ms; None where there is none."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open what is at ``path``, and look at how it begins. Raises ``SourceError`` for what is no recording."""
        name = safe_text(str(path), 4096)
        try:
            # Asked first: opening a pipe that nobody writes to would wait for ever.
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                what = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
                raise SourceError(f"{name} is {what}; expected the file of a recording.")
            file = cls(path)
        except FileNotFoundError:
            raise SourceError(f"There is no file {name}.") from None
        except OSError as error:
            raise SourceError(f"{name} cannot be read: {error.strerror or 'the system refuses'}.") from None
        except ValueError:
            raise SourceError(f"{name} is no name of a file.") from None
        try:
            file._look()
        except NotReadableError as error:
            file.close()
            raise SourceError(f"{name} cannot be played: {error}.") from None
        return file

    @property
    def fraction(self) -> float:
        """How much of it was read, from 0 to 1."""
        if self._raw.closed or not self._size:
            return 1.0
        return min(1.0, (self._raw.tell() if self._zipped else self._passed) / self._size)

    def lines(self) -> Iterator[RecordedFrame | DamagedLine | None]:
        """Read from the beginning: what the lines say, and None wherever there is time to do something else.

        What the disk does in the middle of it, or damaged compression, is one damaged line, and the last.
        """
        at = number = 0
        try:
            for text in _texts(self._chunks()):
                if text is None:
                    yield None
                    continue
                number += 1
                said = self._read(text, at, number)
                if said is not None:
                    at = said.at if isinstance(said, RecordedFrame) else at
                    yield said
        except OSError as error:
            yield DamagedLine(f"the rest of it: {error.strerror or _ZIP_DAMAGED}")
        except zlib.error:
            yield DamagedLine(f"the rest of it: {_ZIP_DAMAGED}")

    def close(self) -> None:
        """Let go of it."""
        self._raw.close()

    def _look(self) -> None:
        """Find out what it is. Raises ``NotReadableError`` for what is no recording, or of a newer version."""
        if not self._size:
            raise NotReadableError("it is empty")
        self._zipped = self._raw.read(len(_ZIPPED)) == _ZIPPED
        try:
            begin = islice(_texts(self._chunks()), PROBE_BYTES // CHUNK_BYTES)
            first = next((text.data for text in begin if text is not None and text.data), b"")
        except (OSError, zlib.error):
            raise NotReadableError("the disk does not give it, or its compressed data are damaged") from None
        header = decode_header(first)
        if header is not None:
            self.header, self.has_header = header, True
        self.start = self._first_at(MAX_LINE if self.has_header else PROBE_BYTES)
        if self.start is None and header is None:
            raise NotReadableError("it is no recording")

    def _first_at(self, within: int) -> int | None:
        damaged = pauses = 0
        for said in self.lines():
            if isinstance(said, RecordedFrame):
                return said.at
            damaged += said is not None
            pauses += said is None
            if damaged > MAX_DAMAGED_LINES or pauses > within // CHUNK_BYTES:
                raise NotReadableError("it is no recording" if not self.has_header else "its first lines are damaged")
        return None

    def _chunks(self) -> Iterator[bytes]:
        self._passed = 0
        self._raw.seek(0)
        if not self._zipped:
            while chunk := self._raw.read(CHUNK_BYTES):
                yield chunk
            return
        with gzip.GzipFile(fileobj=self._raw, mode="rb") as unzipped:
            try:
                # One read at a time: what was unpacked before the damage must not be lost with it.
                while chunk := unzipped.read1(CHUNK_BYTES):
                    yield chunk
            except EOFError:
                return

    def _read(self, text: _Text, at: int, number: int) -> RecordedFrame | DamagedLine | None:
        """Tell what a line says, after one of ``at`` (ms); None for nothing."""
        data = text.data
        if data is None:
            return DamagedLine(f"line {number} is longer than {MAX_LINE // 1024**2} MiB")
        self._passed += len(data) + text.whole
        if not data or data.isspace() or (number == 1 and self.has_header):
            return None
        try:
            line = decode_line(data)
            if not EARLIEST <= line.at < LATEST:
                raise NotReadableError("no recording was made at such a time")
        except NotReadableError as error:
            if not text.whole:
                return None
            # Files that were put one behind the other: between two of them nobody listened.
            return RecordedFrame(BREAK, at) if _is_header(data) else DamagedLine(f"line {number}: {error}")
        return line


def _is_header(data: bytes) -> bool:
    try:
        return decode_header(data) is not None
    except NotReadableError:
        return False


def _texts(chunks: Iterator[bytes]) -> Iterator[_Text | None]:
    """Split into lines; None after each chunk. Nothing is held of what is too long."""
    begun: list[bytes] = []
    size = 0
    for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            size += len(end)
            begun.append(end)
            yield _Text(b"".join(begun) if size <= MAX_LINE else None)
            begun, size = [], 0
        size += len(rest)
        if size > MAX_LINE:
            begun.clear()
        elif rest:
            begun.append(rest)
        yield None
    if size:
        yield _Text(b"".join(begun) if size <= MAX_LINE else None, whole=False)
