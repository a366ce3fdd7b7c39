"""The command line, one module per command.

A command is imported when it is called, and what it needs when it runs, so that ``--help`` and
completion are fast.
"""

from __future__ import annotations

import sys

# Importing ``typing`` takes as long as everything done here, and Ctrl-C meanwhile shows a
# traceback.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit."""
    try:
        # Imported here: Ctrl-C during the imports ends the program as it does later.
        from nobil_tui.cli.interrupts import end_at_interrupt

        end_at_interrupt()
        from nobil_tui.base.memory import defer_collection

        defer_collection()
        from nobil_tui.cli.root import run_command_line

        code = run_command_line(sys.argv[1:])
    except KeyboardInterrupt:
        # The value of ``ExitCode.INTERRUPTED``, which may not be imported yet.
        code = 130
    sys.exit(code)
