"""The command line, one module per command.

A command is imported when it is called, and what it needs when it runs, so that ``--help`` and
completion are fast.
"""

from __future__ import annotations

from nobil_tui.cli.root import main

__all__ = ["main"]
