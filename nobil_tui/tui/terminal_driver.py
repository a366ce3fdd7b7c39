"""The terminal driver for Linux and macOS, which copes with faulty terminals.

Its input thread sleeps while nothing is typed. Everything that a terminal sends becomes a key, a
click, a paste or an answer, or is dropped. A terminal that is gone ends the app, as does an
exception in a thread.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, cast

from textual.constants import ESCAPE_DELAY

from nobil_tui.tui.terminal_input import ASK_BACKGROUND, Background, TerminalInput
from nobil_tui.tui.textual_internals.driver import MessageParser, TerminalDriverBase

_ANSWER_DELAY = 0.25
"""Seconds for which the end waits for an answer: otherwise, the shell would show it as typed text.
"""
_QUIT_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class _WakingEvent(threading.Event):
    """An event that also ends the wait for a file descriptor."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self._writer = os.pipe()

    def set(self) -> None:
        """Set the event and make ``reader`` readable."""
        super().set()
        os.write(self._writer, b"\0")

    def clear(self) -> None:
        """Clear the event; ``reader`` blocks again."""
        if self.is_set():
            os.read(self.reader, 1)
        super().clear()


class TerminalOwner(Protocol):
    """The methods of the app that the driver calls."""

    def end_with(self, error: BaseException) -> None:
        """End because of an exception."""

    def quit_from_outside(self) -> None:
        """Quit soon: a signal asked for it, or the terminal is gone."""

    def announce_suspension(self) -> None:
        """Restore the terminal's modes."""

    def repaint_all(self) -> None:
        """Paint every cell."""

    def paint_skipped(self) -> None:
        """Paint the skipped changes."""

    def use_background(self, background: Background) -> None:
        """Adapt to the background of the terminal."""


class SleepingDriver(TerminalDriverBase):
    """A driver that waits for input; Textual's wakes ten times a second to look for it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.exit_event: _WakingEvent = _WakingEvent()
        self._owner = cast(TerminalOwner, self.app)
        self._asked_at: float | None = None
        """When the terminal was asked for its background, in seconds of the monotonic clock."""
        self._answered = threading.Event()

    # Start, end and suspension

    def start_application_mode(self) -> None:
        """Set the terminal's modes; called again after a suspension."""
        for number in _QUIT_SIGNALS:
            self.loop.add_signal_handler(number, self._owner.quit_from_outside)
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual
        except BaseException:
            # For example a limit of threads. Textual only restores a terminal whose start was
            # completed.
            self.stop_application_mode()
            self.close()
            raise
        # Handle it in the loop: a handler that runs between any two instructions could wait for a
        # lock that the interrupted code holds.
        self.loop.add_signal_handler(signal.SIGTSTP, self.suspend)
        self.loop.add_signal_handler(signal.SIGCONT, self._continued)
        # Textual's own handlers interrupt each other: the size that was read first could arrive
        # last.
        self.loop.add_signal_handler(signal.SIGWINCH, self.report_size)
        self.listen_to_writer(self)

    @property
    def can_suspend(self) -> bool:
        """Whether a shell started this process, which can bring it back."""
        try:
            session = os.getsid(0)
            return session != os.getpid() and os.getsid(os.getppid()) == session
        except OSError:
            return False

    def suspend(self) -> None:
        """Restore the terminal and stop the process until the shell brings it back."""
        if not self.can_suspend:
            return
        self._owner.announce_suspension()
        self.suspend_application_mode()
        for number in (signal.SIGCONT, signal.SIGTSTP):
            self.loop.remove_signal_handler(number)
        self._stop_process()
        self.resume_after_stop()

    def _continued(self) -> None:
        """Set the terminal's modes again after an unannounced stop, such as by ``kill -STOP``."""
        if not self._in_foreground():
            self.loop.remove_signal_handler(signal.SIGTSTP)
            self._stop_process()
        self.suspend_application_mode()
        self.resume_after_stop()

    def _stop_process(self) -> None:
        """Stop until the process is in the foreground again.

        Stop the process group, as a terminal does, so that a program that waits for this one stops
        too. The system ignores it if no shell would continue the group.
        """
        while True:
            os.kill(0, signal.SIGTSTP)
            if self._in_foreground():
                return

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:
            # It is not the controlling terminal, which has no foreground.
            return True

    def disable_input(self) -> None:
        """Stop reading the input, after a short wait for a pending answer."""
        if self._asked_at is not None:
            self._answered.wait(max(0.0, self._asked_at + _ANSWER_DELAY - time.monotonic()))
        super().disable_input()

    # Input

    def ask_background(self) -> None:
        """Ask the terminal for its background; ``use_background`` gets the answer, if there is one.

        tmux answers the question itself: the answer to a passed-through one would not arrive.
        """
        self._asked_at = time.monotonic()
        self.write(ASK_BACKGROUND)
        self.flush()

    def run_input_thread(self) -> None:
        """Read the input until the driver ends it."""
        try:
            self._read_input()
        except BaseException as error:  # noqa: BLE001  # it ends the app
            failure = error
            self._call(lambda: self._owner.end_with(failure))

    def _read_input(self) -> None:
        encoding = getattr(sys.__stdin__, "encoding", None) or "utf-8"
        reader, parser = TerminalInput(encoding, ESCAPE_DELAY), MessageParser()
        ends = self.exit_event
        while not ends.is_set():
            ready, _, _ = select.select([self.fileno, ends.reader], [], [], reader.patience)
            reader.expects_background = self._asked_at is not None and not self._answered.is_set()
            if self.fileno in ready:
                data = self._read()
                if data is None:
                    self.on_gone()
                    return
                tokens = reader.feed(data)
            else:
                tokens = reader.flush()
            for token in tokens:
                if isinstance(token, Background):
                    self._answered.set()
                    self._call(partial(self._owner.use_background, token))
                    continue
                for message in parser.messages(token):
                    self.process_message(message)

    def _read(self) -> bytes | None:
        """Return the input; None if the terminal is gone."""
        try:
            data = os.read(self.fileno, 4096)
        except BlockingIOError:
            # Another program that shares the terminal has read it, and made it non-blocking.
            return b""
        except OSError:
            return None
        if not data:
            try:
                termios.tcgetattr(self.fileno)
            except termios.error:
                return None
        return data

    # Calls from threads

    def on_gone(self) -> None:
        """Quit: the terminal is gone."""
        self._call(self._owner.quit_from_outside)

    def on_caught_up(self) -> None:
        """Paint the changes that were skipped while the terminal was behind."""
        self._call(self._owner.paint_skipped)

    def on_writer_crash(self, error: BaseException) -> None:
        """End the app."""
        self._call(lambda: self._owner.end_with(error))

    def _call(self, call: Callable[[], None]) -> None:
        """Run ``call`` in the event loop."""
        # The loop may be closed already.
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(call)
