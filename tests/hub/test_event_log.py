"""An event of the hub is one line, as text or as JSON."""

from __future__ import annotations

import json

from nobil_tui.hub.event_log import HubLog, LogFormat


def test_event_is_one_line_of_json() -> None:
    lines: list[str] = []
    log = HubLog(lines.append, LogFormat.JSON, lambda text: text.replace("secret", "•••"))
    log.emit("consumer left", level="warning", reason="a\nb secret", seconds=3, bytes=None)
    [line] = lines
    assert "\n" not in line
    event = json.loads(line)
    assert event.pop("time").endswith("Z")
    assert event == {
        "level": "warning",
        "event": "consumer left",
        "reason": "a\nb •••",
        "seconds": 3,
    }


def test_event_is_one_line_of_text() -> None:
    lines: list[str] = []
    HubLog(lines.append).emit("link", reason="a\nb", address="[::1]:80", empty="")
    line = lines[0].partition(" ")[2]
    assert line == 'INFO link reason="a\\nb" address=[::1]:80 empty=""'


def test_without_a_writer_nothing_happens() -> None:
    HubLog().emit("link")
