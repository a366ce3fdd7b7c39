"""Progress on stderr: one line that is overwritten, on a terminal only."""

from __future__ import annotations

import shutil
import sys

from nobil_tui.cli.messages import print_message, write_stderr


class ProgressLine:
    """A line of progress on the terminal; nothing is shown if stderr is not a terminal."""

    def __init__(self) -> None:
        self.on_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._shown = False

    def show(self, text: str) -> None:
        """Replace the line."""
        if self.on_terminal:
            self._write(text[: shutil.get_terminal_size().columns - 1])
            self._shown = True

    def clear(self) -> None:
        """Erase the line."""
        if self._shown:
            self._write("")
            self._shown = False

    def print_message(self, text: str) -> None:
        """Erase the line and print a message in its place."""
        self.clear()
        print_message(text)

    def _write(self, text: str) -> None:
        write_stderr(f"\r\x1b[K{text}")
