"""The text field of every dialog and of the filter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from nobil_tui.base.tasks import run_in_thread

Complete = Callable[[str], str | None]
"""Return the whole text that a beginning completes to; None if there is none. It may block."""


class TextField(Input):
    """A text field that cuts what does not fit, and says so.

    With ``complete``, the rest of the text is shown in grey; Tab and Right accept it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # Not a command of its own: completing text fields use this key everywhere.
        Binding("tab", "complete", "Complete", show=False),
    ]

    @dataclass
    class Cut(Message):
        """Text was cut, since the field takes at most ``limit`` characters."""

        limit: int

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        max_length: int = 0,
        id: str | None = None,
        password: bool = False,
        select_on_focus: bool = True,
        suggester: Suggester | None = None,
        compact: bool = False,
        complete: Complete | None = None,
    ) -> None:
        self._complete = complete
        super().__init__(
            value,
            placeholder=placeholder,
            max_length=max_length,
            id=id,
            password=password,
            select_on_focus=select_on_focus,
            compact=compact,
            suggester=_CallSuggester(complete) if complete is not None else suggester,
        )

    def replace(self, text: str, start: int, end: int) -> None:
        """Insert a text that may be pasted, as far as there is room.

        Non-printable characters become spaces.
        """
        text = "".join(letter if letter.isprintable() else " " for letter in text)
        limit = self.max_length or 0
        room = limit - len(self.value) + abs(end - start) if limit else len(text)
        super().replace(text[: max(0, room)], start, end)
        if len(text) > room:
            self.post_message(self.Cut(limit))

    async def action_complete(self) -> None:
        """Complete the text; if there is nothing to complete, leave the key to other bindings."""
        complete, value = self._complete, self.value
        if complete is None or not value or not self.cursor_at_end:
            raise SkipAction
        # Do not use the shown suggestion: Tab may arrive before it is found.
        found = await run_in_thread(lambda: complete(value))
        if found is None or found == value:
            raise SkipAction
        self.value = found
        self.cursor_position = len(found)


class _CallSuggester(Suggester):
    """Suggests what a function returns, which may block."""

    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        """Return the completed text."""
        return await run_in_thread(lambda: self._complete(value))


def complete_word(words: Iterable[str]) -> Complete:
    """Return a function that completes a text to the first of ``words`` that begins with it."""
    known = sorted(words)

    def complete(text: str) -> str | None:
        return next((word for word in known if text and word.startswith(text)), None)

    return complete


def complete_path(text: str) -> str | None:
    """Return the path of the first file that begins with ``text``; a folder ends in a slash.

    ``~`` is understood and kept. Hidden files need their dot. Case counts as on the disk.
    """
    separators = tuple(filter(None, (os.sep, os.altsep)))
    start = max(text.rfind(each) for each in separators) + 1
    folder, begun = text[:start], text[start:]
    if not (folder or begun):
        return None
    try:
        with os.scandir(Path(folder or ".").expanduser()) as entries:
            found = min(
                (
                    (entry.name, entry.is_dir())
                    for entry in entries
                    if entry.name.startswith(begun)
                    and (begun or not entry.name.startswith("."))
                    and entry.name.isprintable()
                ),
                default=None,
            )
    except (OSError, RuntimeError, ValueError):
        # No such folder or user, or a text that is not a path.
        return None
    if found is None:
        return None
    name, is_folder = found
    return f"{folder}{name}{os.sep if is_folder else ''}"
