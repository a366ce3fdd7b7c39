"""Open, validate and iterate a recording file.

It is read in chunks, so that the reader can do other work in between. A recording that is still
being written, or whose recorder was killed, ends in the middle of a line or of the compressed data:
that does not count as damage.
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

from nobil_tui.base.decoding import BOM, NotReadableError
from nobil_tui.base.paths import similar_file
from nobil_tui.base.text import quoted, safe_text
from nobil_tui.feeds.source import SourceError
from nobil_tui.wire.codecs import CODECS
from nobil_tui.wire.recording import (
    BREAK,
    MAX_LINE,
    UNMARKED_CODEC,
    RecordedFrame,
    RecordingHeader,
    decode_header,
    decode_line,
)

CHUNK_BYTES = 64 * 1024
"""Bytes to read, and to decompress, at a time."""
PROBE_BYTES = 1024 * 1024
"""Bytes within which a file without our header must contain a recorded frame."""
MAX_DAMAGED_LINES = 100
"""Number of damaged lines after which the search for the first frame stops."""
EARLIEST, LATEST = 946_684_800_000, 4_102_444_800_000
"""Range of plausible frame times, in ms: the years 2000 to 2099."""

FAR = 24 * 3_600_000
"""Milliseconds between two lines above which the time of one of them may be damaged."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_DAMAGED = "the compressed data are damaged"


class DamagedLine(Struct, frozen=True):
    """A line that cannot be decoded. ``reason`` holds no secret."""

    reason: str


class UnknownCodecError(SourceError):
    """A recording whose frames have a format that this version does not support."""

    def __init__(self, codec: str) -> None:
        super().__init__(
            f"This recording holds {quoted(codec)} frames, which this version cannot read."
        )


class _Text(NamedTuple):
    data: bytes | None
    """Without the line feed; None if too long."""
    whole: bool = True
    """Whether it ended with a line feed."""


class RecordingFile:
    """An open recording. Create it with ``open``."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("rb", buffering=0)
        self._size = os.fstat(self._raw.fileno()).st_size
        self._zipped = False
        self._passed = 0
        """Bytes of the lines read so far, uncompressed."""
        self.header = RecordingHeader(codec=UNMARKED_CODEC)
        """Its header, or the default for a file without one."""
        self.has_header = False
        """Whether it has a header, which means that this program wrote it."""
        self.start: int | None = None
        """Time of its first frame, in ms; None if it has no frames."""
        self.end: int | None = None
        """Time of its last frame, in ms; None before it was read, if it is compressed."""
        self.is_cut = False
        """Whether it ends within a line or within compressed data. Known once it was read."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open ``path`` and read its beginning. Raises ``SourceError`` if it is not a recording."""
        name = safe_text(str(path), 4096)
        try:
            # Checked first: opening a pipe without a writer would block.
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                what = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
                raise SourceError(f"{name} is {what}; expected a recording.")
            file = cls(path)
        except (FileNotFoundError, NotADirectoryError):
            raise SourceError(f"{name} does not exist.{similar_file(path)}") from None
        except OSError as error:
            raise SourceError(
                f"{name} cannot be read: {error.strerror or 'the system refuses'}."
            ) from None
        except ValueError:
            raise SourceError(f"{name} is not a valid file name.") from None
        try:
            file._probe()
        except NotReadableError as error:
            file.close()
            raise SourceError(f"{name} cannot be played: {error}.") from None
        except SourceError:
            file.close()
            raise
        return file

    @property
    def fraction(self) -> float:
        """Share of the file read so far, from 0 to 1."""
        if self._raw.closed or not self._size:
            return 1.0
        return min(1.0, (self._raw.tell() if self._zipped else self._passed) / self._size)

    def lines(self) -> Iterator[RecordedFrame | DamagedLine | None]:
        """Yield the lines from the beginning, and None after each chunk.

        A line whose time is far from those before and after it is damaged. A disk error or damaged
        compressed data in the middle is reported as one damaged line, and ends the iteration.
        """
        at = 0
        far: RecordedFrame | None = None
        far_number = 0
        for number, line in self._numbered_lines():
            if not isinstance(line, RecordedFrame):
                yield line
                continue
            if far is not None:
                if abs(line.at - at) <= FAR < abs(line.at - far.at):
                    yield DamagedLine(
                        f"line {far_number}: its time is far from those before and after it"
                    )
                else:
                    at = far.at
                    yield far
                far = None
            if at and abs(line.at - at) > FAR:
                far, far_number = line, number
            else:
                at = line.at
                yield line
        if far is not None:
            yield far

    def _numbered_lines(self) -> Iterator[tuple[int, RecordedFrame | DamagedLine | None]]:
        at = number = 0
        try:
            for text in _texts(self._chunks()):
                if text is None:
                    yield number, None
                    continue
                number += 1
                line = self._decode(text, at, number)
                if line is not None:
                    at = line.at if isinstance(line, RecordedFrame) else at
                    yield number, line
        except OSError as error:
            yield number, DamagedLine(f"the rest of the file: {error.strerror or _GZIP_DAMAGED}")
        except zlib.error:
            yield number, DamagedLine(f"the rest of the file: {_GZIP_DAMAGED}")

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def _probe(self) -> None:
        """Read the header and find the first frame.

        Raises ``NotReadableError`` if it is not a recording that this version can play.
        """
        if not self._size:
            raise NotReadableError("it is empty")
        self._zipped = self._raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        try:
            begin = islice(_texts(self._chunks()), PROBE_BYTES // CHUNK_BYTES)
            first = next((text.data for text in begin if text is not None and text.data), b"")
        except (OSError, zlib.error):
            raise NotReadableError("a disk error, or damaged compressed data") from None
        header = decode_header(first)
        if header is not None:
            self.header, self.has_header = header, True
        if self.header.codec not in CODECS:
            raise UnknownCodecError(self.header.codec)
        self.start = self._first_at(MAX_LINE if self.has_header else PROBE_BYTES)
        if self.start is None and header is None:
            raise NotReadableError("it is not a recording")
        self.end = self._last_at()

    def _first_at(self, within: int) -> int | None:
        damaged = pauses = 0
        for line in self.lines():
            if isinstance(line, RecordedFrame):
                return line.at
            damaged += line is not None
            pauses += line is None
            if damaged > MAX_DAMAGED_LINES or pauses > within // CHUNK_BYTES:
                raise NotReadableError(
                    "it is not a recording"
                    if not self.has_header
                    else "its first lines are damaged"
                )
        return None

    def _last_at(self) -> int | None:
        """Return the time of the last frame within the last bytes; None if it is compressed."""
        if self._zipped:
            return None
        self._raw.seek(max(0, self._size - CHUNK_BYTES))
        for line in reversed(self._raw.read(CHUNK_BYTES).split(b"\n")):
            try:
                found = decode_line(line)
            except NotReadableError:
                continue
            if EARLIEST <= found.at < LATEST:
                return found.at
        return None

    def _chunks(self) -> Iterator[bytes]:
        self._passed = 0
        self._raw.seek(0)
        chunks = (
            self._unzipped() if self._zipped else iter(lambda: self._raw.read(CHUNK_BYTES), b"")
        )
        # An editor may have added it. The header after it says whether the data are simulated.
        yield next(chunks, b"").removeprefix(BOM)
        yield from chunks

    def _unzipped(self) -> Iterator[bytes]:
        with gzip.GzipFile(fileobj=self._raw, mode="rb") as unzipped:
            try:
                # Read one block at a time, to keep what was decompressed before any damage.
                while chunk := unzipped.read1(CHUNK_BYTES):
                    yield chunk
            except EOFError:
                self.is_cut = True

    def _decode(self, text: _Text, at: int, number: int) -> RecordedFrame | DamagedLine | None:
        """Decode the line after a line of time ``at`` (ms); return None for a line without a
        frame."""
        data = text.data
        if data is None:
            return DamagedLine(f"line {number} is longer than {MAX_LINE // 1024**2} MiB")
        self._passed += len(data) + text.whole
        if not data or data.isspace() or (number == 1 and self.has_header):
            return None
        try:
            line = decode_line(data)
            if not EARLIEST <= line.at < LATEST:
                raise NotReadableError("its time is out of range")
        except NotReadableError as error:
            if not text.whole:
                self.is_cut = True
                return None
            # The header of a concatenated file: nothing was received between the two recordings.
            return (
                RecordedFrame(BREAK, at)
                if _is_header(data)
                else DamagedLine(f"line {number}: {error}")
            )
        return line


def _is_header(data: bytes) -> bool:
    try:
        return decode_header(data) is not None
    except NotReadableError:
        return False


def _texts(chunks: Iterator[bytes]) -> Iterator[_Text | None]:
    """Split chunks into lines, and yield None after each chunk. Discard lines that are too long."""
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
