"""Copying by a program of the desktop, by tmux or by the terminal, and its message."""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest

from nobil_tui.tui.clipboard import clipboard_tools, copy_text, osc52
from tests.conftest import GUARD, FakeClock, guarded
from tests.for_each import for_each
from tests.tui.app_driver import USUAL, SteppedSource, live, opened, setup_of, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no shell scripts there")

TEXT = "Tromsø Torg\n2/4 free"
DISPLAY = {"DISPLAY": ":0"}


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a program however slow the machine is."""
    defaults = copy_text.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "time_limit", GUARD)


def tool(folder: Path, name: str, script: str) -> None:
    """Put a program in a folder that is all of the path; ``$COPIED`` is where it writes."""
    path = folder / name
    path.write_text(f"#!{shutil.which('sh')}\n{script}\n")
    path.chmod(0o755)


def environ_of(folder: Path, **variables: str) -> dict[str, str]:
    return {"PATH": str(folder), "COPIED": str(folder / "copied"), "CAT": "/bin/cat", **variables}


TAKES = '"$CAT" > "$COPIED"; echo "$0 $*" >> "$COPIED.argv"'


@for_each(
    ("environ", "platform", "names"),
    [
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", ["wl-copy", "xclip", "xsel"]),
        ({"DISPLAY": ":0"}, "linux", ["xclip", "xsel"]),
        ({"WSL_DISTRO_NAME": "Ubuntu"}, "linux", ["clip.exe"]),
        ({"TERMUX_VERSION": "1"}, "linux", ["termux-clipboard-set"]),
        ({}, "darwin", ["pbcopy"]),
        ({}, "win32", ["clip.exe"]),
        ({}, "linux", []),
        ({"TMUX": "x", "DISPLAY": ":0"}, "linux", ["xclip", "xsel", "tmux"]),
        # The desktop of another machine is not the user's.
        ({"SSH_CONNECTION": "x", "DISPLAY": ":0"}, "linux", []),
        ({"SSH_TTY": "x", "TMUX": "x"}, "darwin", ["tmux"]),
        ({"SSH_CONNECTION": "", "DISPLAY": ""}, "linux", []),
    ],
)
def test_tools(environ: dict[str, str], platform: str, names: list[str]) -> None:
    assert [each.argv[0] for each in clipboard_tools(environ, platform)] == names


def decoded(sequence: str) -> list[str]:
    return [
        base64.b64decode(each).decode() for each in re.findall(r"\x1b\]52;c;([^\a]*)\a", sequence)
    ]


def test_osc_52_passes_through_what_is_around() -> None:
    assert decoded(osc52(TEXT, {})) == [TEXT]
    inner = osc52(TEXT, {})
    tmux = osc52(TEXT, {"TMUX": "x"})
    assert tmux == inner + "\x1bPtmux;\x1b" + inner + "\x1b\\"
    screen = osc52("x" * 999, {"STY": "x"})
    parts = re.findall(r"\x1bP(.*?)\x1b\\", screen, re.DOTALL)
    assert decoded("".join(parts)) == ["x" * 999]
    assert max(map(len, parts)) < 256


async def test_the_best_tool_that_works_takes_the_text(tmp_path: Path) -> None:
    written: list[str] = []
    tool(tmp_path, "wl-copy", "exit 1")
    tool(tmp_path, "xclip", TAKES)
    tool(tmp_path, "xsel", "exit 3")
    environ = environ_of(tmp_path, WAYLAND_DISPLAY="w", DISPLAY=":0", NOBIL_API_KEY="s3cr3t")
    assert await copy_text(TEXT, environ, written.append) == "Copied with xclip."
    assert (tmp_path / "copied").read_text("utf-8") == TEXT
    assert "xclip -selection clipboard" in (tmp_path / "copied.argv").read_text()
    assert written == []


async def test_a_tool_gets_no_key_of_ours(tmp_path: Path) -> None:
    tool(tmp_path, "xclip", 'echo "[$NOBIL_API_KEY]" > "$COPIED"')
    environ = environ_of(tmp_path, DISPLAY=":0", NOBIL_API_KEY="s3cr3t")
    # It does not read its input either.
    assert await copy_text(TEXT * 9999, environ, str) == "Copied with xclip."
    assert (tmp_path / "copied").read_text() == "[]\n"


async def test_a_tool_that_hangs_is_killed(tmp_path: Path) -> None:
    written: list[str] = []
    tool(tmp_path, "xclip", f"exec {shutil.which('sleep')} 600")
    said = await guarded(
        copy_text(TEXT, environ_of(tmp_path, DISPLAY=":0"), written.append, time_limit=0.05)
    )
    assert said.startswith("Sent to the terminal (OSC 52)")
    assert decoded(written[0]) == [TEXT]


async def test_what_a_tool_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    """Such as xclip, which serves the clipboard until another program takes it."""
    sleep = shutil.which("sleep")
    tool(tmp_path, "xclip", f'{TAKES}; {sleep} 600 & echo $! > "$COPIED.left"; exit 0')
    said = await guarded(copy_text(TEXT, environ_of(tmp_path, DISPLAY=":0"), str))
    os.kill(int((tmp_path / "copied.left").read_text()), signal.SIGKILL)
    assert said == "Copied with xclip."


async def test_tmux_takes_the_text_and_passes_it_on(tmp_path: Path) -> None:
    tool(tmp_path, "tmux", TAKES)
    said = await copy_text(TEXT, environ_of(tmp_path, TMUX="x", SSH_TTY="x"), str)
    assert said == "Copied to tmux, and to the clipboard if the terminal allows it."
    assert "load-buffer -w -" in (tmp_path / "copied.argv").read_text()


async def test_an_old_tmux_is_passed_through(tmp_path: Path) -> None:
    written: list[str] = []
    tool(tmp_path, "tmux", "exit 1")
    said = await copy_text(TEXT, environ_of(tmp_path, TMUX="x"), written.append)
    assert said.startswith("Sent to the terminal")
    assert "\x1bPtmux;" in written[0]


async def test_the_app_says_which_way_a_copy_went(tmp_path: Path) -> None:
    tool(tmp_path, "xclip", TAKES)
    clock = FakeClock()
    setup = setup_of(clock, SteppedSource(clock), environ=environ_of(tmp_path, DISPLAY=":0"))
    async with opened(setup, USUAL) as pilot:
        main = await live(pilot)
        await pilot.press("y")
        await until(pilot, lambda: len(pilot.app._notifications))
        [toast] = pilot.app._notifications
        assert toast.message == "Copied with xclip."
        assert main.workspace.register.name(main.workspace.stations.selected) in toast.title
        assert (tmp_path / "copied").read_text("utf-8") == pilot.app.clipboard
        assert pilot.app.clipboard.startswith(toast.title)
