"""Frames of any bytes and any shape of JSON, made from valid ones: a few microseconds each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random

VALUES: tuple[bytes, ...] = (
    *(b"null", b"true", b"false", b"0", b"-0", b"1", b"-1", b"2", b"1.5", b"1e400", b"-1e400"),
    *(b"NaN", b"Infinity", b"-Infinity", b"1e-400", b"9007199254740993", b"2147483648", b"01"),
    *(b"18446744073709551616", b"-9223372036854775809", b"0x10", b"1_0"),
    *(b'""', b'" "', b'"a"', b'"NOR_00001"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"'),
    *(b'"\\u001b[2J"', b'"\xff\xfe"', b'"\x1b]52;c;x\x07"', b'"a\\nb"', b'"\\u202e\\u2066"'),
    *(b'"[red]x[/]"', b'"' + b"x" * 65 + b'"', b'"=1+1"'),
    *(b'"2026-03-23T12:00:00.107Z"', b'"2026-03-23"', b'"9999-12-31T23:59:59.999999Z"'),
    *(b'"0001-01-01T00:00:00+23:59"', b'"2026-13-40T25:61:61Z"', b'"1e400"', b'"nan"'),
    *(b"[]", b"{}", b"[[]]", b"[null]", b'{"":null}', b'{"a":{"a":1}}'),
    *(b'"', b"{", b"}", b"]", b",", b":", b"\xef\xbb\xbf", b""),
)
"""What a value is replaced by: every kind of number and text, any type, and damage."""
LARGE: tuple[bytes, ...] = (
    *(b"9" * 400, b"9" * 5000, b'"' + b"\xc3\xb8" * 3000 + b'"', b"[" * 50 + b"]" * 50),
    *(b"[" * 2000, b'[{"a":[' * 600, b"[" + b"0," * 3000 + b"0]"),
)
"""The same, rarely, since they take time."""

_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null')


class Fuzzer:
    """Makes frames from ``valid`` ones; a seed always makes the same."""

    def __init__(self, seed: int, valid: Sequence[bytes]) -> None:
        self._random = Random(seed)
        self._valid = valid
        self._parts = [_split(frame) for frame in valid]

    def frames(self, count: int) -> Iterator[bytes]:
        """Yield as many frames: valid ones, with other values, of other shapes, damaged, random."""
        random = self._random.random
        makers = (self._revalued, self._revalued, self._revalued, self._damaged, self._reshaped)
        kinds = len(makers)
        for number in range(count):
            if number % 64 == 0:
                yield self._random.randbytes(int(random() * 200))
            else:
                yield makers[int(random() * kinds)]()

    def _revalued(self) -> bytes:
        """Return a frame with one or two values, or keys, replaced."""
        random = self._random.random
        parts = self._parts[int(random() * len(self._parts))]
        changed = list(parts)
        for _ in range(1 + (random() < 0.3)):
            at = 1 + 2 * int(random() * (len(parts) // 2))
            source = VALUES if random() < 0.98 else LARGE
            changed[at] = source[int(random() * len(source))]
        return b"".join(changed)

    def _damaged(self) -> bytes:
        """Return a frame that is cut, or in which some bytes are changed, lost or doubled."""
        random = self._random.random
        frame = self._valid[int(random() * len(self._valid))]
        for _ in range(1 + int(random() * 3)):
            at = int(random() * (len(frame) + 1))
            kind = random()
            if kind < 0.3:
                frame = frame[:at]
            elif kind < 0.6:
                frame = frame[:at] + bytes((int(random() * 256),)) + frame[at + 1 :]
            elif kind < 0.8:
                frame = frame[:at] + frame[at + int(random() * 8) :]
            else:
                frame = frame[:at] + frame[max(0, at - int(random() * 8)) :]
        return frame

    def _reshaped(self) -> bytes:
        """Return JSON of a shape of its own, with the keys and values of valid frames."""
        random = self._random.random
        parts = self._parts[int(random() * len(self._parts))]
        names = parts[1::2]

        def make(depth: int) -> bytes:
            kind = random()
            if depth > 3 or kind < 0.4:
                source = names if kind < 0.2 else VALUES
                return source[int(random() * len(source))]
            items = [make(depth + 1) for _ in range(int(random() * 4))]
            if kind < 0.6:
                return b"[" + b",".join(items) + b"]"
            return (
                b"{"
                + b",".join(names[int(random() * len(names))] + b":" + item for item in items)
                + b"}"
            )

        return make(0)


def _split(frame: bytes) -> list[bytes]:
    """Split a frame at its keys and values: they are at the odd places."""
    parts, end = [], 0
    for match in _VALUE.finditer(frame):
        parts += [frame[end : match.start()], match[0]]
        end = match.end()
    return [*parts, frame[end:]]
