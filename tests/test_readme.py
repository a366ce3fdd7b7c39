"""Tests of the README's command lines."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_urls_in_commands_are_quoted() -> None:
    """Unquoted, zsh and fish take the ``?`` of a URL for a wildcard and fail."""
    commands = re.findall(r"`(nobil-tui [^`]*://[^`]*)`", README.read_text(encoding="utf-8"))
    assert commands
    for command in commands:
        assert re.search(r"'\S+://\S+'", command), command
