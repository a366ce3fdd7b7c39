"""The diagnostics: what they show, what they hide, and how they are copied and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from nobil_tui.base.redaction import Redactor
from nobil_tui.charging import board as board_module
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    Event,
    Ignored,
    Lost,
    Refused,
    StationReport,
    Unreadable,
)
from nobil_tui.charging.station import Connector, Station
from nobil_tui.monitor.stream_record import MAX_BAD_FRAMES, StreamRecord
from nobil_tui.tui.dialogs.diagnostics import DiagnosticsScreen
from nobil_tui.wire import v1
from tests.conftest import START, FakeClock
from tests.tui.app_driver import HandSource, main_of, opened, setup_of, until

KEY = "hunter2hunter2"
ENVIRON = {
    "TERM": "xterm-256color",
    "LANG": "nb_NO.UTF-8",
    "HOME": "/home/\udcff\x1b[2J",
    "https_proxy": f"user:{KEY}@proxy.example.org:3128",
    "HTTP_PROXY": f"http://user:{KEY}@proxy.example.org",
    "NOBIL_API_KEY": KEY,
    "TMUX": "/tmp/tmux",  # its value is not used
    "OTHER": "not shown",
}


async def open_diagnostics(pilot: Pilot[int]) -> DiagnosticsScreen:
    await pilot.press("d")
    await until(
        pilot,
        lambda: isinstance(pilot.app.screen, DiagnosticsScreen) and pilot.app.screen.has_content,
    )
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, DiagnosticsScreen)
    return screen


async def text_after(clock: FakeClock, *events: Event, **options: Any) -> str:
    """Return the text of the diagnostics after some events."""
    source = HandSource(clock)
    async with opened(setup_of(clock, source, **options)) as pilot:
        source.feed.put(Connecting(), Connected(clock.now()), *events)
        await until(pilot, source.feed.queue.empty)
        return (await open_diagnostics(pilot)).plain_text


async def test_unreadable_frames_are_shown_and_not_obeyed(clock: FakeClock) -> None:
    frames = [
        b'{"type":"status:update","data":{"uuid":"\x1b[2J\xe2\x80\xae"}}',
        b"\xff\xfe<html>",
        b'{"type":"snapshot:init","data":[{"uuid":7},{"uuid":"A","connectors":[]}]}',
    ]
    text = await text_after(
        clock, *(v1.decode(frame, START) for frame in frames), Ignored("beat\x07", START)
    )
    assert r'    {"type":"status:update","data":{"uuid":"\x1b[2J\u202e"}}' in text
    assert r"    \xff\xfe<html>" in text
    assert "1 entry of the snapshot\n" in text
    assert '    {"uuid":7}\n' in text
    assert "  Unreadable: 3\n  Ignored: 1\n    1 of type beat\\x07\n" in text
    assert text.replace("\n", "").isprintable()


async def test_connections_are_shown_with_their_reasons(clock: FakeClock) -> None:
    failed: list[Event] = [Connecting(), Lost("no answer", START, START + 1000)]
    text = await text_after(
        clock,
        Lost("the connection broke", START, START + 1000),
        *failed * 60,
        Connecting(),
        Refused("HTTP 401", START),
    )
    assert "  Attempts: 62, of which 1 connected\n" in text
    lines = text.split("Connection\n")[1].split("\n\n")[0].splitlines()
    assert [line.split("  ")[2] for line in lines[1:]] == [
        *("refused: HTTP 401", "no answer", "the connection broke", "connected"),
    ]


async def test_surroundings_are_shown_without_secrets(clock: FakeClock, tmp_path: Path) -> None:
    config, log = tmp_path / "config.toml", tmp_path / "gone" / "x.log"
    config.write_text("# mine\n")
    text = await text_after(
        clock,
        Unreadable("a frame", START, f'{{"token":"{KEY}","more":"{KEY[2:9]}'.encode()),
        environ=ENVIRON,
        config_path=config,
        log_path=log,
        redactor=Redactor([KEY]),
    )
    assert f"  Config: {config} (7 bytes)\n" in text
    assert f"  Log: {log} (missing)\n" in text
    assert "  History: none\n" in text
    assert "  TERM=xterm-256color\n" in text
    assert "  HOME=/home/\\xff\\x1b[2J\n" in text
    assert "  https_proxy=•••@proxy.example.org:3128\n" in text
    assert "  HTTP_PROXY=http://•••@proxy.example.org\n" in text
    assert "  Also set: TMUX, NOBIL_API_KEY\n" in text
    assert "not shown" not in text
    assert "\n  textual " in text
    for length in range(6, len(KEY) + 1):
        assert KEY[:length] not in text
    assert KEY[2:9] not in text


async def test_stations_beyond_the_limit_are_counted(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "MAX_STATIONS", 2)
    stations = [Station(f"NOR_{number}", [Connector(0)]) for number in range(5)]
    text = await text_after(clock, *(StationReport(station, START) for station in stations))
    assert "Reports of stations beyond the limit, not shown: 3\n" in text


async def test_it_is_saved_copied_and_kept_up_to_date(clock: FakeClock, tmp_path: Path) -> None:
    source = HandSource(clock)
    async with opened(setup_of(clock, source)) as pilot:
        source.feed.put(Connected(clock.now()))
        await until(pilot, source.feed.queue.empty)
        screen = await open_diagnostics(pilot)
        source.feed.put(Unreadable("another one", START, b"\x00"))
        await until(pilot, lambda: main_of(pilot).workspace.session.counts.unreadable)
        screen.refresh_text()
        await until(pilot, lambda: "another one" in screen.plain_text)
        await pilot.press("y")
        assert pilot.app.clipboard == screen.plain_text
        await pilot.press("x")
        await pilot.pause()
        path = tmp_path / "diagnostics.txt"
        pilot.app.screen.query_one("#path", Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert path.read_text() == screen.plain_text
        await pilot.press("d")
        await until(pilot, lambda: pilot.app.screen is main_of(pilot))


def test_only_the_latest_frames_are_kept() -> None:
    record = StreamRecord()
    for number in range(MAX_BAD_FRAMES + 5):
        record.note(Unreadable(str(number), START), START)
        record.note(Ignored(str(number), START), START)
    assert [frame.reason for frame in record.bad_frames] == [
        str(number) for number in range(5, MAX_BAD_FRAMES + 5)
    ]
    for number in range(1000):
        record.note(Ignored(f"type {number}", START), START)
    assert len(record.ignored) == 50
