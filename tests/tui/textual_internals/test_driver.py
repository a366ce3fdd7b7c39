"""The base of the terminal driver, and whether each workaround in it is still needed."""

from __future__ import annotations

import fcntl
import inspect
import io
import os
import queue
import struct
import termios
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers import _writer_thread
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from nobil_tui.tui.terminal_input import Paste, TerminalInput, Token
from nobil_tui.tui.terminal_writer import TerminalWriter
from nobil_tui.tui.textual_internals.driver import MessageParser, TerminalDriverBase, bounded_size
from tests.for_each import for_each


def test_textuals_own_writer_still_ends_at_an_error_and_blocks() -> None:
    """Otherwise ``TerminalWriter`` is no longer needed."""

    class Failing(io.StringIO):
        def write(self, text: str) -> int:
            raise BlockingIOError

    writer = _writer_thread.WriterThread(Failing())
    with pytest.raises(BlockingIOError):
        writer.write("one")
        writer.run()
    for _ in range(_writer_thread.MAX_QUEUED_WRITES):
        writer._queue.put_nowait("more")
    with pytest.raises(queue.Full):
        writer._queue.put_nowait("one that blocks")


def test_the_driver_starts_our_writer() -> None:
    assert LinuxDriver.start_application_mode.__globals__["WriterThread"] is TerminalWriter
    assert "WriterThread" in inspect.getsource(LinuxDriver.start_application_mode)


def messages_of(*tokens: Token) -> list[Message]:
    parser = MessageParser()
    return [message for token in tokens for message in parser.messages(token)]


def keys_of(*tokens: Token) -> list[tuple[str, str | None]]:
    return [
        (message.key, message.character)
        for message in messages_of(*tokens)
        if isinstance(message, events.Key)
    ]


@for_each(
    ("tokens", "keys"),
    [
        (["jø"], [("j", "j"), ("ø", "ø")]),
        (["\x1b"], [("escape", "\x1b")]),
        (["\x1b", "q"], [("escape", "\x1b"), ("q", "q")]),
        (["\x1bq"], [("alt+q", "q")]),
        (["\x1b[A", "\x1bOB", "\x1b[[A", "\x1b[3$"], ["up", "down", "f1", "shift+delete"]),
        (["\x1b[97;5u"], ["ctrl+a"]),
        (["\x1b[27u", "\x1b[13u", "\x1b[57414;129u"], ["escape", "enter", "enter"]),
        # The numeric keypad under the protocol of kitty, with and without what it types.
        (
            [f"\x1b[{57399 + digit};129;{48 + digit}u" for digit in range(10)],
            [(str(digit), str(digit)) for digit in range(10)],
        ),
        (
            [f"\x1b[{57399 + digit}u" for digit in range(10)],
            [(str(digit), str(digit)) for digit in range(10)],
        ),
        *(
            (
                [f"\x1b[{code};129;{ord(typed)}u", f"\x1b[{code};129u", f"\x1b[{code}u"],
                [(key, typed)] * 3,
            )
            for code, typed, key in [
                (57409, ".", "full_stop"),
                (57410, "/", "slash"),
                (57411, "*", "asterisk"),
                (57412, "-", "minus"),
                (57413, "+", "plus"),
                (57415, "=", "equals_sign"),
                (57416, ",", "comma"),
            ]
        ),
        # A keypad of Germany types a comma, with the key of the full stop.
        (["\x1b[57409;129;44u"], [("comma", ",")]),
        (["\x1b[57417u", "\x1b[57421u", "\x1b[57426;5u"], ["left", "pageup", "ctrl+delete"]),
        (["\x1b[57413;5u", "\x1b[57410;3u"], ["ctrl+plus", "alt+slash"]),
        # The keypad of other terminals.
        (["\x1bOo", "\x1bOk", "\x1bOp"], [("slash", "/"), ("plus", "+"), ("0", "0")]),
        # Other layouts: the character counts, not the key.
        (["\x1b[55;2;47u", "\x1b[43;2;63u"], [("slash", "/"), ("question_mark", "?")]),
        (["\x1b[97;2;65u", "\x1b[97;2u", "\x1b[97;65;65u"], [("A", "A")] * 3),
        (["\x1b[1081;;1081u", "\x1b[113;1u"], [("й", "й"), ("q", "q")]),
        (["\x1b[32u", "\x1b[32;2u"], [("space", " "), ("shift+space", " ")]),
        # Without what it types, Shift with a digit says nothing.
        (["\x1b[55;2u"], ["shift+7"]),
        # Alternates of a key, and its release.
        (["\x1b[1089::99;5u", "\x1b[97:65;2:1;65u"], ["ctrl+с", ("A", "A")]),
        (["\x1b[97;1:3u", "\x1b[1;1:3A"], []),
        # Sequences that mean nothing here.
        (["\x1b[1114112u", "\x1b[55296;;55296u", "\x1b[;;9999999u", "q"], [("q", "q")]),
        (["\x1b[?62;22c", "\x1b[>1;10;0c", "\x1b[0n", "\x1b[99~", "\x1b[x", "q"], [("q", "q")]),
        (["\x1b[1;2", "\x1b[u", "\x1b[;u", "\x1b[<u", "q"], [("q", "q")]),
    ],
)
def test_a_key_is_the_character_that_it_types(
    tokens: list[str], keys: list[str | tuple[str, str]]
) -> None:
    found = keys_of(*tokens)
    assert keys == [
        pair if isinstance(key, tuple) else pair[0] for pair, key in zip(found, keys, strict=True)
    ]


def test_every_sequence_that_textual_knows_is_the_same_key() -> None:
    for sequence in [each for each in ANSI_SEQUENCES_KEYS if len(each) > 1 and each != "\x1b\x1b"]:
        source = TerminalInput()
        tokens = [*source.feed(sequence.encode()), *source.flush()]
        assert [key for key, _ in keys_of(*tokens)] == [
            each.key for each in XTermParser().feed(sequence) if isinstance(each, events.Key)
        ], sequence


def test_textual_still_names_keys_of_the_keypad_by_their_place() -> None:
    """Otherwise ``key_of_character`` is no longer needed."""
    [key] = XTermParser().feed("\x1b[57410;129;47u")
    assert isinstance(key, events.Key)
    assert key.key == "divide"


def test_a_paste_is_text() -> None:
    [paste] = messages_of(Paste("q\nq"))
    assert isinstance(paste, events.Paste)
    assert paste.text == "q\nq"


def test_textual_still_types_what_it_does_not_know() -> None:
    """Otherwise ``MessageParser`` need not look whether the parser waits."""
    parser = XTermParser()
    assert [*parser.feed("\x1b[?62;22c")] == []
    parser._timeout_time = 0.0
    assert "2" in [each.key for each in parser.tick() if isinstance(each, events.Key)]
    # Even in a paste.
    typed = [*XTermParser().feed("\x1b[200~\x1b" + "q" * 40)]
    assert any(isinstance(each, events.Key) and each.key == "q" for each in typed)


@pytest.mark.parametrize("sequence", ["\x1b[1114112u", "\x1b[48;0;0;0;0t\x1b[<0;1;1M"])
def test_textuals_own_parser_still_raises(sequence: str) -> None:
    """Otherwise ``MessageParser`` need not catch anything."""
    parser = XTermParser()
    with pytest.raises((ValueError, ZeroDivisionError)):
        [*parser.feed(sequence)]
    # And it is not usable after that.
    with pytest.raises((StopIteration, RuntimeError)):
        [*parser.feed("q")]


@for_each(
    ("sequence", "size"),
    [
        ("\x1b[48;50;160;1000;1600t", (160, 50)),
        ("\x1b[48;50;160;0;0t", (160, 50)),
        ("\x1b[48;0;0;0;0t", (80, 24)),
        ("\x1b[48;9999999;9999999;9999999;9999999t", (2000, 1000)),
        ("\x1b[48;50:1;160:2;1000:3;1600:4t", (160, 50)),
    ],
)
def test_the_size_that_a_terminal_reports_is_bounded(sequence: str, size: tuple[int, int]) -> None:
    resize, click = messages_of(sequence, "\x1b[<0;2;2M")
    assert isinstance(resize, events.Resize)
    assert resize.size == size
    assert isinstance(click, events.MouseDown)


def test_the_pixels_of_the_mouse_outlive_a_bad_sequence() -> None:
    """The parser is another one then."""
    messages = messages_of("\x1b[48;50;100;1000;1000t", "\x1b[1114112u", "\x1b[<0;501;41M")
    click = messages[-1]
    assert isinstance(click, events.MouseDown)
    assert (click.x, click.y) == (50, 2)


@given(st.text("\x1b[]?<>0123456789;:$ABCDMPRt~u", max_size=12).map("\x1b[".__add__))
def test_no_sequence_ends_the_parser(sequence: str) -> None:
    assert keys_of(sequence, "q")[-1] == ("q", "q")


def test_the_size_is_the_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of ``COLUMNS``, which another terminal may have left, or which is no number."""
    ours, theirs = os.openpty()
    monkeypatch.setenv("COLUMNS", "33")
    driver = object.__new__(TerminalDriverBase)
    driver.fileno = theirs
    for rows, columns in ((50, 160), (0, 0), (65535, 65535)):
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        expected = bounded_size(rows, columns)
        assert driver._get_terminal_size() == expected[::-1]
    os.close(ours)
    os.close(theirs)
    assert driver._get_terminal_size() == (80, 24)
    # Otherwise the driver need not be told.
    assert LinuxDriver._get_terminal_size(driver)[0] == 33


def test_the_mouse_is_given_back_in_pixels_too() -> None:
    for driver_class, expected in ((TerminalDriverBase, True), (LinuxDriver, False)):
        # Otherwise ours need not switch it off.
        written: list[str] = []
        driver = cast(Any, object.__new__(driver_class))
        driver._mouse, driver._mouse_pixels, driver.write = True, True, written.append
        driver.flush = lambda: None
        driver._disable_mouse_support()
        assert ("\x1b[?1016l" in "".join(written)) is expected
