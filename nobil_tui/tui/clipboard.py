"""Copy a text to the clipboard of the machine that the user sits at.

A program of the desktop copies it reliably where there is one. In tmux, tmux copies it. Elsewhere
the terminal is asked with OSC 52, which never says whether it did.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from nobil_tui.alerts.terminal import in_tmux, passthrough
from nobil_tui.base.redaction import without_secrets

COPY_TIME_LIMIT = 2.0
"""Seconds that a program may take: without a display, some programs wait."""
_SCREEN_CHUNK = 240
"""Characters that GNU screen passes on at a time."""
_REMOTE = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")

logger = logging.getLogger(__name__)


class ClipboardTool(NamedTuple):
    """A program that takes a text on its standard input."""

    argv: tuple[str, ...]
    encoding: str = "utf-8"


TMUX = ClipboardTool(("tmux", "load-buffer", "-w", "-"))


def clipboard_tools(
    environ: Mapping[str, str], platform: str = sys.platform
) -> tuple[ClipboardTool, ...]:
    """Return the programs that may reach the user's clipboard, the best first.

    Over SSH, the desktop of this machine is not the user's.
    """
    tools: list[ClipboardTool] = []
    if not any(environ.get(name) for name in _REMOTE):
        if platform == "darwin":
            tools.append(ClipboardTool(("pbcopy",)))
        if platform == "win32" or environ.get("WSL_DISTRO_NAME"):
            tools.append(ClipboardTool(("clip.exe",), "utf-16"))
        if environ.get("WAYLAND_DISPLAY"):
            tools.append(ClipboardTool(("wl-copy",)))
        if environ.get("DISPLAY"):
            tools.append(ClipboardTool(("xclip", "-selection", "clipboard")))
            tools.append(ClipboardTool(("xsel", "--clipboard", "--input")))
        if environ.get("TERMUX_VERSION"):
            tools.append(ClipboardTool(("termux-clipboard-set",)))
    if in_tmux(environ):
        tools.append(TMUX)
    return tuple(tools)


def osc52(text: str, environ: Mapping[str, str]) -> str:
    """Return the sequence that asks the terminal to copy a text, passed through tmux or GNU screen
    if needed."""
    data = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    sequence = f"\x1b]52;c;{data}\a"
    if in_tmux(environ):
        # tmux itself takes it with set-clipboard, and passes it on with allow-passthrough.
        return sequence + passthrough(sequence)
    if environ.get("STY"):
        parts = range(0, len(sequence), _SCREEN_CHUNK)
        return "".join(f"\x1bP{sequence[at : at + _SCREEN_CHUNK]}\x1b\\" for at in parts)
    return sequence


async def copy_text(
    text: str,
    environ: Mapping[str, str],
    write: Callable[[str], object],
    *,
    time_limit: float = COPY_TIME_LIMIT,
) -> str:
    """Copy a text; return a sentence that says how it was copied.

    ``write`` writes a sequence to the terminal.
    """
    for tool in clipboard_tools(environ):
        path = shutil.which(tool.argv[0], path=environ.get("PATH"))
        if path and await _run(
            (path, *tool.argv[1:]), text.encode(tool.encoding), environ, time_limit
        ):
            if tool is TMUX:
                return "Copied to tmux, and to the clipboard if the terminal allows it."
            return f"Copied with {tool.argv[0]}."
    write(osc52(text, environ))
    return "Sent to the terminal (OSC 52), which copies it if it allows programs to."


async def _run(
    argv: tuple[str, ...], data: bytes, environ: Mapping[str, str], time_limit: float
) -> bool:
    """Run a program with ``data`` as its input; return whether it succeeded in time.

    It uses no shell. A background process of the program that holds the clipboard is not waited
    for.
    """
    kept = without_secrets(environ)
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            # Without it, pbcopy assumes another encoding.
            env={**kept, "LC_CTYPE": kept.get("LC_CTYPE") or "UTF-8"},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        logger.warning("cannot start %s: %s", argv[0], error)
        return False
    try:
        async with asyncio.timeout(time_limit):
            # A program may end without reading all of its input.
            with suppress(BrokenPipeError, ConnectionResetError):
                await process.communicate(data)
            code = await process.wait()
    except TimeoutError:
        logger.warning("%s did not end within %g s", argv[0], time_limit)
        return False
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code:
        logger.warning("%s ended with exit code %d", argv[0], code)
    return code == 0
