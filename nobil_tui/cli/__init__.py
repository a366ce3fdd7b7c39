"""The command line, and nothing but the command line.

Commands are loaded when they are called, and what they need when they run: ``--help`` waits for none of it.
"""

from __future__ import annotations

from nobil_tui.cli.root import main

__all__ = ["main"]
