"""What every format shares: how to say that something cannot be read, and how to make a text from outside safe."""

from __future__ import annotations

MOST_SHOWN = 120
"""Characters of a text from outside that are shown."""


class NotReadableError(Exception):
    """Something that is not of the format it came as. Its text is safe to show."""


def shown(text: str, most: int = MOST_SHOWN) -> str:
    """Make a text from outside safe and short enough to show: at most ``most`` characters, and an ellipsis."""
    clean = "".join(character if character.isprintable() else "·" for character in text[:most])
    return clean + "…" if len(text) > most else clean
