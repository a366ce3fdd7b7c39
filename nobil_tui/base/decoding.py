"""What every format shares: how to say that something cannot be read."""

from __future__ import annotations


class NotReadableError(Exception):
    """Something that is not of the format it came as. Its text is safe to show."""
