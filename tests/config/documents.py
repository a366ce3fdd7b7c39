"""Generate TOML documents in every form that TOML allows, with the positions of their parts."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from nobil_tui.config.errors import KeyPath

NASTY = st.text(st.sampled_from("ab#[]{}=,. '\"\\\tæ"), max_size=8)

SCALARS = st.sampled_from(
    [
        "1",
        "-17",
        "0xff",
        "1_000",
        "3.14",
        "1e9",
        "inf",
        "true",
        "false",
        "1979-05-27",
        "07:32:00",
        "1979-05-27 07:32:00Z",
    ]
)


class Written:
    """A document as it is written: its text, and the line of each path."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.text = ""
        self.lines: dict[KeyPath, int] = {}
        self.comments: list[str] = []
        self._keys = 0

    @property
    def line(self) -> int:
        return self.text.count("\n") + 1

    def one(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def put(self, text: str) -> None:
        self.text += text

    def blank(self) -> None:
        self.put(self.one("", " ", "\t ", ""))

    def comment(self) -> None:
        comment = "#" + self.draw(NASTY)
        self.comments.append(comment)
        self.put(comment)

    def end_line(self) -> None:
        self.blank()
        if self.one(False, True):
            self.comment()
        self.put("\n")
        while self.one(False, False, True):
            self.blank()
            if self.one(False, True):
                self.comment()
            self.put("\n")

    def gap(self) -> None:
        """Return what may separate the members of a list."""
        self.blank()
        if self.one(False, False, True):
            self.end_line()
            self.blank()

    def key(self) -> str:
        """Write a key that the document does not have yet; return what it means."""
        self._keys += 1
        number = self._keys
        written, meant = self.one(
            (f"bare_{number}", f"bare_{number}"),
            (f"{number}", f"{number}"),
            (f'"a.b # {number}"', f"a.b # {number}"),
            (f"'] = \" {number}'", f'] = " {number}'),
            (f'"\\u00e6\\"{number}"', f'æ"{number}'),
        )
        self.put(written)
        return str(meant)

    def pair(self, table: KeyPath, depth: int) -> None:
        start = self.line
        path = table
        for dots in reversed(range(self.one(1, 1, 1, 2, 3))):
            path = (*path, self.key())
            self.lines[path] = start
            if dots:
                self.blank()
                self.put(".")
                self.blank()
        self.blank()
        self.put("=")
        self.blank()
        self.value(path, depth)

    def value(self, path: KeyPath, depth: int) -> None:
        forms = [self.scalar, self.basic, self.literal, self.basic_lines, self.literal_lines]
        if depth < 3:
            forms += [lambda: self.array(path, depth), lambda: self.inline(path, depth)] * 2
        self.one(*forms)()

    def scalar(self) -> None:
        self.put(self.draw(SCALARS))

    def basic(self) -> None:
        text = self.draw(NASTY)
        self.put('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')

    def literal(self) -> None:
        self.put("'" + self.draw(NASTY).replace("'", "") + "'")

    def basic_lines(self) -> None:
        lines = [
            self.draw(NASTY).replace("\\", "\\\\").replace('"', '\\"')
            for _ in range(self.one(1, 2, 3))
        ]
        self.put(
            '"""' + self.one("\\\n", "\n", "") + "\n".join(lines) + self.one("", '"', '""') + '"""'
        )

    def literal_lines(self) -> None:
        lines = [self.draw(NASTY).replace("'", "") for _ in range(self.one(1, 2, 3))]
        self.put("'''" + "\n".join(lines) + self.one("", "'", "''") + "'''")

    def array(self, path: KeyPath, depth: int) -> None:
        count = self.one(0, 1, 2, 3)
        self.put("[")
        self.gap()
        for index in range(count):
            self.lines[*path, index] = self.line
            self.value((*path, index), depth + 1)
            self.gap()
            if index < count - 1 or self.one(False, True):
                self.put(",")
            self.gap()
        self.put("]")

    def inline(self, path: KeyPath, depth: int) -> None:
        count = self.one(0, 1, 2, 3)
        self.put("{")
        for index in range(count):
            self.blank()
            self.pair(path, depth + 1)
            self.blank()
            if index < count - 1:
                self.put(",")
        self.blank()
        self.put("}")

    def header(self, opened: str, closed: str) -> tuple[KeyPath, KeyPath]:
        """Write a header; return its path, and the same but for its last key."""
        self.blank()
        self.put(opened)
        path: KeyPath = ()
        for dots in reversed(range(self.one(1, 1, 2, 3))):
            self.blank()
            path = (*path, self.key())
            self.lines[path] = self.line
            self.blank()
            if dots:
                self.put(".")
        self.put(closed)
        return path, path[:-1]

    def body(self, table: KeyPath) -> None:
        self.end_line()
        for _ in range(self.one(0, 1, 2, 3)):
            self.blank()
            self.pair(table, 0)
            self.end_line()

    def tables(self) -> None:
        start = len(self.text)
        line = self.line
        path, _ = self.header("[[", "]]")
        written = self.text[start:]
        self.lines[*path, 0] = line
        self.body((*path, 0))
        if self.one(False, True):
            self.lines[*path, 1] = self.line
            self.put(written)
            self.body((*path, 1))


@st.composite
def documents(draw: Any) -> Written:
    """A valid document."""
    written = Written(draw)
    written.body(())
    for _ in range(written.one(0, 1, 2, 3)):
        if written.one(False, False, True):
            written.tables()
        else:
            path, _ = written.header("[", "]")
            written.body(path)
    if written.one(False, True):
        written.text = written.text.rstrip("\n")
    return written
