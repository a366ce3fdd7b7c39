"""Find the position of keys and values in TOML, for error messages and editing.

Reads only text that tomllib has accepted, so it does not validate.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from typing import NamedTuple

from nobil_tui.config.errors import KeyPath

_BLANK = re.compile(r"[ \t]+")
_COMMENT = re.compile(r"#[^\n]*")
_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TEXT = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]+")
MAX_KEY_PARTS = 16
"""The most parts of a dotted key. Parsers take time in proportion to their square."""
_DEEP_KEY = re.compile(
    rf"""
    (?: ^ | [\[{{,] ) [ \t]*+
    (?: (?: [\w-]++ | "(?:\\.|[^"\\\n])*+" | '[^'\n]*+' ) [ \t]*+ \. [ \t]*+ ){{{MAX_KEY_PARTS}}}
    """,
    re.VERBOSE | re.MULTILINE,
)


def deep_key(text: str) -> int | None:
    """Return the offset of the first key of more than ``MAX_KEY_PARTS`` parts, None without one.

    Reads any text, so a line of a multi-line string may look like such a key too.
    """
    found = _DEEP_KEY.search(text)
    return None if found is None else found.start()


class Span(NamedTuple):
    """A part of the text, from ``start`` up to but not including ``end``."""

    start: int
    end: int


class TomlSpans:
    """The spans in one document."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.keys: dict[KeyPath, int] = {}
        """The offset of each key, table or list element; of a table, its own header if it has
        one."""
        self.values: dict[KeyPath, Span] = {}
        """The value of each key and list element."""
        self.comments: list[Span] = []
        self.tails: dict[KeyPath, int] = {}
        """The offset after each ``[table]``: after its last own statement, else its header."""
        self._at = 0
        self._tables: dict[KeyPath, int] = {}  # How many [[tables]] of each name there are so far.
        # Nesting beyond the recursion limit, or newer TOML: use what was found so far.
        with suppress(RecursionError, ValueError):
            self._document()

    def line(self, path: KeyPath) -> int:
        """Return the line of a path, from 1, or of its nearest parent in the file."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.text.count("\n", 0, self.keys[path]) + 1 if path else 1

    def _document(self) -> None:
        table: KeyPath = ()
        while self._skip(newlines=True):
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
            if table:
                self.tails[table] = self._at

    def _header(self) -> KeyPath:
        start = self._at
        several = self.text.startswith("[[", start)
        self._at += 2 if several else 1
        path = self._key((), start)
        if several:
            number = self._tables.get(path, 0)
            self._tables[path] = number + 1
            path = (*path, number)
        # A table that a longer header only passed through is where its own header is.
        self.keys[path] = start
        self._skip()
        self._at += 2 if several else 1
        return path

    def _pair(self, table: KeyPath) -> None:
        path = self._key(table, self._at)
        self._at += 1
        self._skip()
        self._value(path)

    def _key(self, table: KeyPath, start: int) -> KeyPath:
        """Read a dotted key."""
        path = table
        while True:
            self._skip()
            path = (*path, self._part())
            self.keys.setdefault(path, start)
            self._skip()
            if self._peek() != ".":
                return path
            self._at += 1
            if path in self._tables:
                path = (*path, self._tables[path] - 1)

    def _part(self) -> str:
        if match := _KEY.match(self.text, self._at):
            self._at = match.end()
            return match.group()
        match = _TEXT.match(self.text, self._at)
        if match is None:
            raise ValueError("not a TOML document")
        self._at = match.end()
        (key,) = tomllib.loads(f"{match.group()}=0")
        return str(key)

    def _value(self, path: KeyPath) -> None:
        start = self._at
        match self._peek():
            case "[":
                self._array(path)
            case "{":
                self._inline(path)
            case _:
                self._scalar()
        self.values[path] = Span(start, self._at)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while self._more("]"):
            self.keys[*path, index] = self._at
            self._value((*path, index))
            index += 1

    def _inline(self, path: KeyPath) -> None:
        self._at += 1
        while self._more("}"):
            self._pair(path)

    def _more(self, closing: str) -> bool:
        """Advance to the next member; return False after the closing bracket."""
        self._skip(newlines=True)
        while self._peek() == ",":
            self._at += 1
            self._skip(newlines=True)
        if self._peek() != closing:
            return True
        self._at += 1
        return False

    def _scalar(self) -> None:
        if match := _TEXT.match(self.text, self._at):
            self._at = match.end()
        elif match := _PLAIN.match(self.text, self._at):
            self._at += len(match.group().rstrip())
        else:
            raise ValueError("not a TOML document")

    def _peek(self) -> str:
        return self.text[self._at : self._at + 1]

    def _skip(self, *, newlines: bool = False) -> bool:
        """Skip blanks, and with ``newlines`` comments and line ends. Return False at the end."""
        while self._at < len(self.text):
            if match := _BLANK.match(self.text, self._at):
                self._at = match.end()
            elif newlines and self.text[self._at] in "\r\n":
                self._at += 1
            elif newlines and (match := _COMMENT.match(self.text, self._at)):
                self.comments.append(Span(*match.span()))
                self._at = match.end()
            else:
                return True
        return False
