"""An emulated screen: the part of a terminal that the app's output needs."""

from __future__ import annotations

import codecs
import re

from rich.cells import cell_len

_TOKEN = re.compile(
    r"\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<final>[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[P_].*?\x1b\\|\x1b[()].|\x1b[^\[\]P_()]|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)",
    re.DOTALL,
)
"""A control sequence, another sequence, which draws nothing, a control character or text."""
_CUT = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*|[P_][^\x1b]*)?\Z")
"""A sequence whose end has not arrived."""


class EmulatedScreen:
    """The cells of a terminal of a fixed size."""

    def __init__(self, columns: int, rows: int) -> None:
        self._columns = columns
        self._cells = [[" "] * columns for _ in range(rows)]
        self._x = self._y = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    @property
    def lines(self) -> list[str]:
        """The text of each row."""
        return ["".join(row) for row in self._cells]

    def feed(self, data: bytes | bytearray) -> None:
        """Draw what a program wrote."""
        text = self._held + self._decoder.decode(bytes(data))
        cut = _CUT.search(text)
        self._held = cut[0] if cut is not None else ""
        for found in _TOKEN.finditer(text, 0, len(text) - len(self._held)):
            if found["text"]:
                self._draw(found["text"])
            elif found["final"]:
                self._obey(found["final"], found["numbers"])
            elif found["control"] == "\r":
                self._x = 0
            elif found["control"] == "\n":
                self._y = min(self._y + 1, len(self._cells) - 1)

    def _draw(self, text: str) -> None:
        for character in text:
            width = cell_len(character)
            if not width or self._x + width > self._columns:
                # The app draws neither beyond the edge nor in a next line.
                continue
            row = self._cells[self._y]
            row[self._x : self._x + width] = [character, *[""] * (width - 1)]
            self._x += width

    def _obey(self, final: str, numbers: str) -> None:
        given = [int(each) if each.isdigit() else 0 for each in numbers.split(";")]
        if final in "Hf":
            row, column = (*given, 1)[:2]
            self._y = min(max(row, 1), len(self._cells)) - 1
            self._x = min(max(column, 1), self._columns) - 1
        elif final == "J" or (final == "h" and numbers == "?1049"):
            self._cells = [[" "] * self._columns for _ in self._cells]
        elif final == "K":
            self._cells[self._y][self._x :] = [" "] * (self._columns - self._x)
        else:
            # Colours and modes draw nothing; other sequences are not used.
            assert final in "mhlnctuqp", (final, numbers)
