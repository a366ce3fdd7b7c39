"""Divide the bytes that a terminal sends into characters, escape sequences and pastes.

Terminals send more than keys: answers meant for programs that have ended, mouse reports in three
encodings, bytes of another character set, and sequences that a slow line cut. Everything that is
not a key, click or paste is dropped here: as typed characters, it would run commands. Only the
answer to our own question about the background colour is read.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from nobil_tui.base.patterns import LazyPattern

ESC = "\x1b"
MAX_PASTE = 1 << 20
"""The most bytes of a paste that are kept."""
SEQUENCE_PATIENCE = 1.0
"""Seconds to wait for the rest of a sequence or a character."""
PASTE_PATIENCE = 0.3
"""Seconds to wait for more of a paste, before a single key may end it."""
ANSWER_PATIENCE = 5.0
"""Seconds to wait for the rest of the answer that is expected."""
MIN_BURST = 512
"""A read of at least this many bytes is a paste in a terminal that does not mark pastes. As keys
they would run commands, and a megabyte of them would take minutes."""
BURST_PATIENCE = 0.1
"""Seconds within which the rest of such a paste arrives."""
_DISTINCT = 4
"""The fewest distinct characters of such a paste: a held key repeats one or two."""
_INTERRUPT = b"\x03"
"""Ctrl-C, which is always a key."""
_MAX_KEY = 16
"""The most bytes of one key or click. A longer read continues a paste after a pause."""
_MAX_SEQUENCE = 64
"""The most bytes of a sequence that can have a meaning."""
_MAX_DIGITS = 7
"""The most digits of a number in a sequence: those of a character's code."""

_PASTE_START = b"\x1b[200~"
_PASTE_END = b"\x1b[201~"
_TEXT = LazyPattern(rb"[^\x1b]+")
_CSI = LazyPattern(
    rb"\x1b\[(?:M[\x00\x20-\xff]{3}|\[[\x00-\xff]|(?![M[])[0-?]{0,4096}[ -/]{0,4}[@-~])"
)
"""A control sequence; a mouse report of X10, which has three bytes; a function key of Linux."""
_CUT_CSI = LazyPattern(rb"\x1b\[(?:M[\x00\x20-\xff]{0,2}|\[|[0-?]{0,4096}[ -/]{0,4})\Z")
_BROKEN_CSI = LazyPattern(rb"\x1b\[(?:M[\x00\x20-\xff]{0,2}|[0-?]{0,4096}[ -/]{0,4})")
_SS3 = LazyPattern(rb"\x1bO[!-~]")
_STRING_START = LazyPattern(rb"\x1b(?:\][0-9]|P[0-9>!+$|]|_G)")
"""An answer: OSC, DCS or APC. Another character after it would make it Alt with a key."""
_STRING = LazyPattern(rb"\x1b[]P_][ -~\x80-\xff]{0,65536}(?:\x07|\x1b\\)")
_CUT_STRING = LazyPattern(rb"\x1b[]P_][ -~\x80-\xff]{0,65536}\x1b?\Z")
_BROKEN_STRING = LazyPattern(rb"\x1b[]P_][ -~\x80-\xff]{0,65536}")
_BACKGROUND = LazyPattern(
    rb"\x1b\]11;rgba?:([\da-fA-F]{1,4})/([\da-fA-F]{1,4})/([\da-fA-F]{1,4})(?:/[\da-fA-F]{1,4})?"
    rb"(?:\x07|\x1b\\)"
)
"""A terminal's answer to ``ASK_BACKGROUND``: the background colour."""
_CUT_BACKGROUND = LazyPattern(
    rb"\x1b\](?:1(?:1(?:;(?:r(?:g(?:b(?:a?(?::[\da-fA-F/]{0,19}\x1b?)?)?)?)?)?)?)?)?\Z"
)
_BROKEN_BACKGROUND = LazyPattern(rb"\x1b\]11;rgba?:[\da-fA-F/]{0,19}")
_AFTER_ESCAPE = b"]11;rgb"
"""The rest of the answer, if its first byte was taken for the Escape key."""
_ALT = LazyPattern(rb"\x1b(?:[\x00-\x1a\x1c-\x7f]|[\xc2-\xf4][\x80-\xbf]{1,3}|[\x80-\xff])")
_ALT_8_BIT = LazyPattern(rb"\x1b[^\x1b]")
_RXVT_SHIFT = LazyPattern(rb"\x1b\[\d+\$")
"""A key with Shift in rxvt, which ends it with a character that continues other sequences."""
_CUT_CHARACTER = LazyPattern(
    rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z"
)
_EIGHT_BIT = LazyPattern("[\x8f\x9b\udc8f\udc9b]")
"""SS3 and CSI in one byte, as decoded."""
_NOT_TYPED = LazyPattern("[\x80-\x9f\ud800-\udfff]")
_NOT_PASTED = LazyPattern("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_HUGE_NUMBER = LazyPattern(rf"\d{{{_MAX_DIGITS + 1},}}")


class Paste(Struct, frozen=True):
    """A pasted text, without control characters."""

    text: str


class Background(Struct, frozen=True):
    """The colour of the terminal's background, each part from 0 to 1."""

    red: float
    green: float
    blue: float

    @property
    def is_light(self) -> bool:
        """Whether dark text is easier to read on it."""
        return 0.299 * self.red + 0.587 * self.green + 0.114 * self.blue > 0.5


ASK_BACKGROUND = f"{ESC}]11;?{ESC}\\"
"""Asks a terminal for the colour of its background (xterm's control sequences)."""

Token = str | Paste | Background
"""Characters that were typed, one sequence, which begins with ``ESC``, a paste, or an answer."""


class TerminalInput:
    """Divides the bytes from a terminal into tokens.

    ``encoding`` is the character set of the terminal, ``escape_delay`` how many seconds an Escape
    waits for the rest of a sequence.
    """

    def __init__(self, encoding: str = "utf-8", escape_delay: float = 0.1) -> None:
        self._encoding = encoding
        self._utf8 = encoding.lower().replace("-", "").replace("_", "") == "utf8"
        self._escape_delay = escape_delay
        self._held = b""
        """The beginning of an incomplete token."""
        self._pasted: bytearray | None = None
        """The text of a paste that has not ended."""
        self._paused = False
        """Whether no more of the paste has arrived for a while."""
        self._in_burst = False
        """Whether more of an unmarked paste may arrive."""
        self._escaped = False
        """Whether the last token was an Escape that nothing followed in time."""
        self.expects_background = False
        """Whether the terminal was asked for its background and has not answered."""

    @property
    def patience(self) -> float | None:
        """Seconds after which ``flush`` is due if nothing arrives; None if nothing is held."""
        if self._pasted is not None:
            return None if self._paused else PASTE_PATIENCE
        if not self._held:
            return BURST_PATIENCE if self._in_burst else None
        if self.expects_background and self._held.startswith(b"\x1b]"):
            return ANSWER_PATIENCE
        return self._escape_delay if self._held == b"\x1b" else SEQUENCE_PATIENCE

    def feed(self, data: bytes) -> Iterator[Token]:
        """Yield the tokens that are complete with ``data``."""
        if self._paused and len(data) <= _MAX_KEY and _PASTE_END not in self._held + data:
            # The end of the paste was lost: this is a key.
            self._pasted, self._held = None, b""
        self._paused = False
        if self._escaped and self.expects_background and _continues_answer(data):
            data = b"\x1b" + data
        self._escaped = False
        rest = self._held + data
        self._held = b""
        while rest:
            if self._pasted is not None:
                rest, done = self._paste(rest)
                if done is not None:
                    yield done
            else:
                token, rest = self._next(rest)
                if token:
                    yield token

    def flush(self) -> Iterator[Token]:
        """Yield the held bytes that were not continued in time: Escape, or Alt with a key."""
        if self._pasted is not None:
            text = self._text_of_paste()
            self._pasted, self._paused = bytearray(), True
            if text:
                yield Paste(text)
            return
        self._in_burst = False
        held, self._held = self._held, b""
        self._escaped = held == b"\x1b"
        if held[:1] == b"\x1b" and (len(held) <= 2 or _RXVT_SHIFT.fullmatch(held)):
            yield held.decode("latin-1")

    # Pastes

    def _paste(self, rest: bytes) -> tuple[bytes, Paste | None]:
        """Take the text of a paste; return the bytes after it, and the paste if it has ended."""
        text, end, after = rest.partition(_PASTE_END)
        if end:
            self._keep(text)
            done = self._text_of_paste()
            self._pasted = None
            return after, Paste(done) if done else None
        cut = next(
            (
                count
                for count in range(len(_PASTE_END) - 1, 0, -1)
                if rest.endswith(_PASTE_END[:count])
            ),
            0,
        )
        self._keep(rest[: len(rest) - cut])
        self._held = rest[len(rest) - cut :]
        return b"", None

    def _keep(self, text: bytes) -> None:
        if self._pasted is not None:
            self._pasted += text[: MAX_PASTE - len(self._pasted)]

    def _text_of_paste(self) -> str:
        return _NOT_PASTED.sub("", bytes(self._pasted or b"").decode(self._encoding, "ignore"))

    # Keys

    def _next(self, rest: bytes) -> tuple[Token, bytes]:
        """Return the first token of ``rest`` and the bytes after it; an empty token is dropped."""
        if rest.startswith(b"\x1b"):
            self._in_burst = False
            return self._sequence(rest)
        run = _TEXT.match(rest)
        end = run.end() if run is not None else len(rest)
        is_burst = end >= MIN_BURST
        if (is_burst or self._in_burst) and _INTERRUPT in rest[:end]:
            end = rest.index(_INTERRUPT)
            if not end:
                self._in_burst = False
                return _INTERRUPT.decode(), rest[1:]
        raw, after = rest[:end], rest[end:]
        if self._utf8 and not after and (cut := _CUT_CHARACTER.search(raw)):
            raw, self._held = raw[: cut.start()], cut[0]
        text = raw.decode(self._encoding, "surrogateescape" if self._utf8 else "replace")
        if found := _EIGHT_BIT.search(text):
            begun = text[found.end() :].encode(
                self._encoding, "surrogateescape" if self._utf8 else "replace"
            )
            introducer = b"\x1b[" if ord(found[0]) & 0xFF == 0x9B else b"\x1bO"
            after = introducer + begun + self._held + after
            text, self._held = text[: found.start()], b""
        if self._in_burst or (is_burst and len(set(text)) >= _DISTINCT):
            self._in_burst = True
            pasted = _NOT_PASTED.sub("", text)
            return Paste(pasted) if pasted else "", after
        return _NOT_TYPED.sub("", text).replace("\ufffd", ""), after

    def _sequence(self, rest: bytes) -> tuple[Token, bytes]:
        """Take a sequence from the start of ``rest``, or hold it if it is not complete."""
        if rest == b"\x1b":
            return self._hold(rest)
        if self.expects_background and rest.startswith(b"\x1b]"):
            return self._answer(rest)
        if rest.startswith(b"\x1b\x1b"):
            return ESC, rest[1:]
        return self._usual_sequence(rest)

    def _usual_sequence(self, rest: bytes) -> tuple[str, bytes]:
        """Take a sequence of two bytes or more that is not an answer to our own question."""
        if rest.startswith(b"\x1b["):
            return self._control_sequence(rest)
        if _STRING_START.match(rest):
            return self._string(rest)
        if rest in (b"\x1b]", b"\x1bP", b"\x1b_", b"\x1bO"):
            return self._hold(rest)
        if found := _SS3.match(rest):
            return found[0].decode("ascii"), rest[found.end() :]
        if found := (_ALT if self._utf8 else _ALT_8_BIT).match(rest):
            if found.end() == len(rest) and self._utf8 and _CUT_CHARACTER.search(rest[1:]):
                return self._hold(rest)
            text = found[0].decode(self._encoding, "ignore")
            return text if len(text) == 2 else "", rest[found.end() :]
        return "", rest[1:]

    def _answer(self, rest: bytes) -> tuple[Token, bytes]:
        """Take the answer about the background, or what begins like it."""
        if found := _BACKGROUND.match(rest):
            self.expects_background = False
            red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
            return Background(red, green, blue), rest[found.end() :]
        if _CUT_BACKGROUND.match(rest):
            return self._hold(rest)
        if not _STRING.match(rest) and (broken := _BROKEN_BACKGROUND.match(rest)):
            # The rest of the answer was lost: what follows was typed.
            return "", rest[broken.end() :]
        return self._usual_sequence(rest)

    def _control_sequence(self, rest: bytes) -> tuple[str, bytes]:
        found = _CSI.match(rest)
        if found is None:
            if _CUT_CSI.match(rest):
                return self._hold(rest)
            broken = _BROKEN_CSI.match(rest)
            return "", rest[broken.end() if broken is not None else 1 :]
        after = rest[found.end() :]
        if found[0] == _PASTE_START:
            self._pasted = bytearray()
            return "", after
        if found[0] == _PASTE_END:
            return "", after
        if found[0].startswith(b"\x1b[M"):
            return _sgr_report(*found[0][3:]), after
        text = found[0].decode("latin-1")
        means = len(text) <= _MAX_SEQUENCE and not _HUGE_NUMBER.search(text)
        return (text if means else ""), after

    def _string(self, rest: bytes) -> tuple[str, bytes]:
        """Drop a string of control; hold it if it has not ended."""
        if found := _STRING.match(rest):
            return "", rest[found.end() :]
        if _CUT_STRING.match(rest):
            return self._hold(rest)
        broken = _BROKEN_STRING.match(rest)
        return "", rest[broken.end() if broken is not None else 1 :]

    def _hold(self, rest: bytes) -> tuple[str, bytes]:
        self._held = rest
        return "", b""


def _continues_answer(data: bytes) -> bool:
    """Return whether the byte before this was the first of an answer, and no Escape key."""
    start = data[: len(_AFTER_ESCAPE)]
    return len(start) > 1 and _AFTER_ESCAPE.startswith(start)


def _sgr_report(buttons: int, x: int, y: int) -> str:
    """Return an X10 mouse report in the form that carries any number; empty if it is invalid."""
    buttons, x, y = buttons - 32, x - 32, y - 32
    if min(buttons, x - 1, y - 1) < 0:
        return ""
    released = buttons & 3 == 3 and not buttons & 96
    # X10 does not say which button was released.
    return f"{ESC}[<{buttons & ~3 if released else buttons};{x};{y}{'m' if released else 'M'}"
