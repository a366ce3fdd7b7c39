"""The bytes that a terminal gets when an alert fires."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.forking import Forked
from tests.tui.alert_program import END, Terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no such terminals there"),
]

NASTY = "Tor\x1b]0;x\x07get\x9b\\;\n[b]"
"""A name that would end a sequence, begin another and be markup, if it could."""
SHOWN = "Tor·]0;x·get·\\;·[b]"
BODY = "1/1 free."


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


OSC99 = (
    f"\x1b]99;i=nobil-tui:d=0:e=1;{base64_of(SHOWN)}\x1b\\"
    f"\x1b]99;i=nobil-tui:d=1:e=1:p=body;{base64_of(BODY)}\x1b\\"
)
OSC777 = f"\x1b]777;notify;{SHOWN.replace(';', ',')};{BODY}\a"


TERMINALS: dict[str, Terminal] = {
    "kitty": {"name": NASTY, "focus": False, "environ": {"TERM": "xterm-kitty"}},
    "tmux": {
        "name": NASTY,
        "focus": False,
        "environ": {
            "TERM": "tmux-256color",
            "TERM_PROGRAM": "tmux",
            "TMUX": "/tmp/x,1,0",
            "VTE_VERSION": "7200",
        },
    },
    "another": {"name": "Torget", "focus": False, "environ": {}},
    "with the focus": {"name": "Torget", "focus": True, "environ": {}},
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """Run the app in each kind of terminal, in one process. Return what it wrote to each, and what
    the command of the alerts got."""
    path = tmp_path_factory.mktemp("terminals") / "terminals.json"
    path.write_text(json.dumps([*TERMINALS.values()]))
    ours, theirs = os.openpty()
    kept = ("PATH", "HOME", "PYTHONPATH", "SYSTEMROOT", "VIRTUAL_ENV")
    process = Forked(
        [sys.executable, "-m", "tests.tui.alert_program", str(path)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=Path(__file__).parents[2],
        env={
            "TERM": "xterm-256color",
            **{each: os.environ[each] for each in kept if each in os.environ},
        },
        app=True,
        start_new_session=True,
    )
    os.close(theirs)
    output = b""
    # A closed terminal reads as an error.
    with suppress(OSError):
        while chunk := os.read(ours, 65536):
            output += chunk
    os.close(ours)
    assert process.wait() == 0, output[-2000:]
    written = [each.decode(errors="replace") for each in output.split(END)]
    assert len(written) == len(TERMINALS) + 1, output[-2000:]
    return {
        name: (written[number], path.with_name(f"hook{number}").read_text())
        for number, name in enumerate(TERMINALS)
    }


def bells(output: str) -> int:
    """Count the bells; the same character also ends sequences."""
    return re.sub(r"\x1b\][^\a\x1b]*\a", "", output).count("\a")


@pytest.mark.parametrize(
    ("terminal", "sequence"),
    [
        ("kitty", OSC99),
        ("tmux", "\x1bPtmux;" + OSC777.replace("\x1b", "\x1b\x1b") + "\x1b\\"),
    ],
)
def test_the_terminal_gets_the_notification_it_knows(
    terminal: str, sequence: str, outputs: dict[str, tuple[str, str]]
) -> None:
    output, hook = outputs[terminal]
    assert output.count(sequence) == 1
    # Nothing of the name is a sequence of its own.
    assert "\x1b]0;x" not in output
    line = json.loads(hook)
    assert (line["station"], line["connector"], line["after"]) == ("NOR_1", 1, "free")
    assert (line["before"], line["name"]) == ("occupied", NASTY)


def test_elsewhere_the_bell_rings_once_and_the_title_is_restored(
    outputs: dict[str, tuple[str, str]],
) -> None:
    output, _ = outputs["another"]
    assert bells(output) == 1
    assert "\x1b]9;" not in output
    assert "\x1b]99;" not in output
    assert "\x1b]777;" not in output
    # The title counts free stations.
    titles = re.findall(r"\x1b\]2;([^\x1b]*)\x1b\\", output)
    assert titles == ["0 free · 1 starred — nobil-tui", "1 free · 1 starred — nobil-tui"]
    saved, restored = output.index("\x1b[22;2t"), output.index("\x1b[23;2t")
    assert saved < output.index("\x1b]2;") < restored
    assert "\x1b]2;" not in output[restored:]


def test_a_terminal_with_the_focus_rings_no_bell(outputs: dict[str, tuple[str, str]]) -> None:
    output, _ = outputs["with the focus"]
    assert bells(output) == 0
