"""The user's latest input and the terminal's reports, recorded by the app for other modules."""

from __future__ import annotations

from msgspec import Struct


class InputActivity(Struct):
    """When the user was last active: a list must not move while the user works with it."""

    last_input_at: float = -1e9
    """When the last key or click arrived, in seconds of the monotonic clock."""
    last_key: str = ""
    """The key that was pressed last, as Textual names it."""
    terminal_has_focus: bool = False
    """Whether the terminal reported that it has the focus; many never do."""
    terminal_is_light: bool | None = None
    """Whether the terminal reported a light background; None if it has not answered."""
