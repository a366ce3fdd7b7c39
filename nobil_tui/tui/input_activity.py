"""The user's latest input and the terminal's answers, which the app records and others respect."""

from __future__ import annotations

from msgspec import Struct


class InputActivity(Struct):
    """When the user did something last: a list must not move while the user is busy with it."""

    last_input_at: float = -1e9
    """When the last key or click arrived, in seconds of the monotonic clock."""
    last_key: str = ""
    """The key that was pressed last, as Textual names it."""
    terminal_has_focus: bool = False
    """Whether the terminal said that it has the focus; many never say."""
    terminal_is_light: bool | None = None
    """Whether the terminal said that its background is light; None if it has not answered."""
