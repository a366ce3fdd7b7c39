"""Escape sequences of notifications and titles, which no text can break out of."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.alerts.terminal import notification, notify_method, window_title
from nobil_tui.config.alert_rules import NotifyMethod
from tests.for_each import for_each

AUTO, OSC9, OSC99, OSC777, BELL, NONE = NotifyMethod


@for_each(
    ("environ", "method"),
    [
        ({"TERM_PROGRAM": "iTerm.app", "TERM": "xterm-256color"}, OSC9),
        ({"TERM_PROGRAM": "WezTerm"}, OSC9),
        ({"TERM_PROGRAM": "ghostty", "TERM": "xterm-ghostty"}, OSC9),
        ({"TERM": "xterm-ghostty"}, OSC9),
        ({"TERM": "xterm-kitty"}, OSC99),
        ({"TERM": "foot"}, OSC777),
        ({"TERM": "foot-extra"}, OSC777),
        ({"TERM": "rxvt-unicode-256color"}, OSC777),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7200"}, OSC777),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "KITTY_WINDOW_ID": "1"}, OSC99),
        ({"TERM": "screen", "TERM_PROGRAM": "tmux", "LC_TERMINAL": "iTerm2"}, OSC9),
        ({"TERM": "screen-256color", "STY": "1.x", "KITTY_WINDOW_ID": "1"}, BELL),
        ({"TERM_PROGRAM": "Apple_Terminal", "TERM": "xterm-256color"}, BELL),
        ({"TERM_PROGRAM": "vscode", "TERM": "xterm-256color"}, BELL),
        ({"TERM": "xterm-256color"}, BELL),
        ({}, BELL),
    ],
)
def test_the_method_follows_the_terminal(environ: dict[str, str], method: NotifyMethod) -> None:
    assert notify_method(AUTO, environ) is method
    assert notify_method(NONE, environ) is NONE


def test_the_bytes_of_each_method() -> None:
    name = base64.b64encode("Bærum".encode()).decode()
    body = base64.b64encode(b"2/4 free.").decode()
    assert notification(OSC9, "Bærum", "2/4 free.") == "\x1b]9;Bærum: 2/4 free.\a"
    assert notification(OSC99, "Bærum", "2/4 free.") == (
        f"\x1b]99;i=nobil-tui:d=0:e=1;{name}\x1b\\\x1b]99;i=nobil-tui:d=1:e=1:p=body;{body}\x1b\\"
    )
    assert notification(OSC777, "Bærum", "2/4 free.") == "\x1b]777;notify;Bærum;2/4 free.\a"
    assert notification(BELL, "Bærum", "2/4 free.") == "\a"
    assert notification(NONE, "Bærum", "2/4 free.") == ""
    # A number at the start is another command of ConEmu and others.
    assert notification(OSC9, "4;1;50", "x") == "\x1b]9; 4;1;50: x\a"
    assert notification(OSC777, "a;b", "c;d") == "\x1b]777;notify;a,b;c,d\a"


def test_tmux_passes_a_sequence_on() -> None:
    assert notification(OSC9, "A", "b", tmux=True) == "\x1bPtmux;\x1b\x1b]9;A: b\a\x1b\\"
    wrapped = notification(OSC99, "A", "b", tmux=True)
    inner = wrapped.removeprefix("\x1bPtmux;").removesuffix("\x1b\\")
    assert inner.replace("\x1b\x1b", "\x1b") == notification(OSC99, "A", "b")
    # tmux handles the bell itself.
    assert notification(BELL, "A", "b", tmux=True) == "\a"


ANYTHING = st.text(st.characters() | st.sampled_from("\x1b\a\x9c\x9d\x07\n;\\\0"), max_size=400)


@given(ANYTHING, ANYTHING, st.sampled_from([OSC9, OSC99, OSC777]), st.booleans())
def test_no_text_ends_a_sequence_or_begins_another(
    title: str, body: str, method: NotifyMethod, tmux: bool
) -> None:
    plain = notification(method, "A", "b", tmux=tmux)
    nasty = notification(method, title, body, tmux=tmux)

    def controls(text: str) -> list[str]:
        return [each for each in text if not each.isprintable()]

    assert controls(nasty) == controls(plain)
    assert nasty.count("\x1b") == plain.count("\x1b")
    assert len(nasty.encode("utf-8", "replace")) < 2048
    if method is OSC777:
        assert nasty.count(";") == plain.count(";")
    if method is OSC9:
        assert not nasty.partition("]9;")[2][:1].isdigit()


@given(ANYTHING)
def test_no_text_leaves_the_title(text: str) -> None:
    title = window_title(text)
    assert title.startswith("\x1b]2;")
    assert title.endswith("\x1b\\")
    assert title[4:-2].isprintable()
