"""The base of the terminal driver: convert input to messages, and bound the terminal's size."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from typing import Any

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.geometry import Size
from textual.message import Message

from nobil_tui.base.patterns import LazyPattern
from nobil_tui.config.key_names import KEY_CHARACTERS, key_name_of
from nobil_tui.tui.terminal_input import ESC, Background, Paste, Token
from nobil_tui.tui.terminal_writer import TerminalWriter, WriterListener

logger = logging.getLogger(__name__)

MAX_SIZE = 1000, 2000
"""The most columns and rows that are drawn, whatever the terminal reports."""
_RESIZE = LazyPattern(
    r"\x1b\[48;(?P<rows>\d+)(?::\d*)*;(?P<columns>\d+)(?::\d*)*"
    r";(?P<height>\d+)(?::\d*)*;(?P<width>\d+)(?::\d*)*t"
)
_KITTY_KEY = LazyPattern(
    r"\x1b\[(?P<key>\d+)(?::[\d:]*)?(?:;(?P<held>\d*)(?::(?P<event>\d*))?)?"
    r"(?:;(?P<text>[\d:]*))?(?P<end>[u~ABCDEFHPQRS])"
)
_KEYPAD = {
    "decimal": ".",
    "divide": "/",
    "multiply": "*",
    "subtract": "-",
    "add": "+",
    "equal": "=",
    "separator": ",",
}
"""Textual's names of keys of the numeric keypad, and the character that each types."""


def bounded_size(rows: int, columns: int) -> tuple[int, int]:
    """Return a size that can be drawn; that of a small terminal where one is not known."""
    return min(rows, MAX_SIZE[0]) or 24, min(columns, MAX_SIZE[1]) or 80


class MessageParser:
    """Converts the tokens of a terminal to Textual's messages.

    Textual's parser raises for some sequences, which ends its thread, and treats unknown ones as
    typed characters.
    """

    def __init__(self) -> None:
        self._parser = XTermParser()

    def messages(self, token: Token) -> list[Message]:
        """Return what a token means: keys, clicks, a paste, answers; empty if it means nothing."""
        if isinstance(token, Background):
            return []
        if isinstance(token, Paste):
            return [events.Paste(token.text)]
        if not token.startswith(ESC):
            return self._feed(token)
        plain = _plain_sequence(token)
        return self._feed(plain) if plain else []

    def _feed(self, token: str) -> list[Message]:
        parser = self._parser
        try:
            messages = list(parser.feed(token))
            if parser._timeout_time is not None:
                # It waits for more of a complete token.
                if len(token) > 2 and not token.endswith("$"):
                    self._renew()
                    return []
                parser._timeout_time = 0.0
                messages += parser.tick()
        except Exception as error:  # noqa: BLE001  # whatever the error, the next key must be read
            logger.warning("a sequence of the terminal is not understood: %r (%r)", token, error)
            self._renew()
            return []
        return [
            key_of_character(each) if isinstance(each, events.Key) else each
            for each in messages
            if not _is_half_character(each)
        ]

    def _renew(self) -> None:
        """Start with a new parser that knows what the terminal reported before."""
        old, self._parser = self._parser, XTermParser()
        self._parser.mouse_pixels = old.mouse_pixels
        self._parser.terminal_size = old.terminal_size
        self._parser.terminal_pixel_size = old.terminal_pixel_size


def _plain_sequence(sequence: str) -> str:
    """Return a sequence in the form that Textual reads; empty if it means nothing.

    Its parser knows neither the alternates of a key nor its release, and divides by the size of a
    terminal.
    """
    if found := _RESIZE.fullmatch(sequence):
        rows, columns = bounded_size(int(found["rows"]), int(found["columns"]))
        # A terminal that does not know its size in pixels reports 0.
        height, width = int(found["height"]) or rows, int(found["width"]) or columns
        return f"{ESC}[48;{rows};{columns};{height};{width}t"
    if found := _KITTY_KEY.fullmatch(sequence):
        if found["event"] == "3" or (found["end"] != "u" and not _is_known(sequence, found)):
            return ""
        fields = [found["key"], found["held"] or "", found["text"] or ""]
        if not fields[2]:
            fields = fields[: 2 if fields[1] else 1]
        return f"{ESC}[{';'.join(fields)}{found['end']}"
    # A key without a code.
    return "" if sequence.startswith(f"{ESC}[") and sequence.endswith("u") else sequence


def _is_known(sequence: str, found: re.Match[str]) -> bool:
    """Return whether a sequence is that of a key. Textual takes its number for a character."""
    return f"{found['key']}{found['end']}" in FUNCTIONAL_KEYS or sequence in ANSI_SEQUENCES_KEYS


def _is_half_character(message: Message) -> bool:
    """Return whether a message is a key that types half a UTF-16 pair, which no file can hold."""
    character = message.character if isinstance(message, events.Key) else None
    return character is not None and any("\ud800" <= each <= "\udfff" for each in character)


def key_of_character(key: events.Key) -> events.Key:
    """Return a key as the character that it types, whichever key of whichever keyboard typed it.

    With the protocol of kitty, Textual names keys of the numeric keypad by their place, and a
    terminal may leave out what they type.
    """
    *held, name = key.key.split("+")
    usual = _KEYPAD.get(name) or KEY_CHARACTERS.get(name) or (name if len(name) == 1 else "")
    said = key.character if key.is_printable else None
    typed = said or usual
    if len(typed) != 1:
        return key
    if held not in ([], ["shift"]):
        # A key with Ctrl and the like types nothing.
        return events.Key("+".join([*held, key_name_of(usual)]), None) if name in _KEYPAD else key
    if held and not said:
        if typed.isalpha():
            typed = typed.upper()
        elif name not in _KEYPAD and typed != " ":
            # The character depends on the keyboard layout.
            return key
    if typed.isspace():
        return events.Key(key.key, typed)
    return events.Key(key_name_of(typed) or key.key, typed)


if sys.platform != "win32":
    import os

    from textual.drivers import linux_driver

    # Textual's own thread ends at the first error of the terminal, and then blocks the event loop.
    vars(linux_driver)["WriterThread"] = TerminalWriter

    class TerminalDriverBase(linux_driver.LinuxDriver):
        """Textual's driver, which asks the terminal for its size and nothing else.

        ``COLUMNS`` and ``LINES`` may come from another terminal, or hold no number.
        """

        @property
        def app(self) -> App[Any]:
            """The app that the driver belongs to."""
            return self._app

        @property
        def loop(self) -> asyncio.AbstractEventLoop:
            """The event loop of the app."""
            return self._loop

        def listen_to_writer(self, listener: WriterListener) -> None:
            """Have the writing thread call ``listener`` when something happens to the terminal."""
            if isinstance(self._writer_thread, TerminalWriter):
                self._writer_thread.listen(listener)

        def report_size(self) -> None:
            """Send the app the size of the terminal, unless the terminal reports it."""
            if not self._in_band_window_resize:
                size = Size(*self._get_terminal_size())
                self.send_message(events.Resize(size, size))

        def resume_after_stop(self) -> None:
            """Set the terminal's modes again, and notify the app that it was suspended."""
            self._must_signal_resume = True
            self.resume_application_mode()

        def _get_terminal_size(self) -> tuple[int, int]:
            try:
                columns, rows = os.get_terminal_size(self.fileno)
            except OSError:
                columns, rows = 0, 0
            rows, columns = bounded_size(rows, columns)
            return columns, rows

        def _disable_mouse_support(self) -> None:
            super()._disable_mouse_support()
            if self._mouse_pixels:
                # Textual switches it on only.
                self.write("\x1b[?1016l")
