"""What the README tells a user to type."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_an_address_to_type_is_quoted() -> None:
    """zsh and fish look for files that are called so, and say that there are none."""
    commands = re.findall(r"`(nobil-tui [^`]*://[^`]*)`", README.read_text(encoding="utf-8"))
    assert commands
    for command in commands:
        assert re.search(r"'\S+://\S+'", command), command
