"""Terminals as people have them: after each fault the app lives, or ends within a second with the
terminal as it was.

One app takes many faults, since a start costs more than all of them. ``--faults-long`` takes more,
with other seeds, and starts more apps.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve

pytest.importorskip("termios")

from nobil_tui.store.state_store import StateStore
from nobil_tui.tui.terminal_input import ASK_BACKGROUND
from nobil_tui.tui.textual_internals.terminal import BRIEFLY
from tests.conftest import GUARD
from tests.faults.screen import EmulatedScreen
from tests.faults.table import RecordFault
from tests.faults.terminal import ENTER, ESCAPE, SIZE, FaultyTerminal

SEED = 20_260_324
SOON = 1.0
"""Seconds in which the app ends, on a machine that does nothing else."""

MOUSE = (
    *(b"\x1b[<0;1;1M\x1b[<0;1;1m", b"\x1b[<0;99999;99999M", b"\x1b[<0;9999999;1M"),
    *(b"\x1b[<64;5;5M", b"\x1b[<65;5;5M", b"\x1b[<66;5;5M", b"\x1b[<67;5;5M"),
    *(b"\x1b[<0;0;0M", b"\x1b[<0;-5;-5M", b"\x1b[<9999999;5;5M", b"\x1b[<35;100;30M"),
    *(b"\x1b[M !!", b"\x1b[M#!!", b"\x1b[M\xff\xff\xff", b"\x1b[M\x00\x00\x00", b"\x1b[32;10;10M"),
)
ANSWERS = (
    *(b"\x1b[?62;22c", b"\x1b[>1;10;0c", b"\x1b[0n", b"\x1b[24;80R", b"\x1b]11;rgb:0/0/0\x07"),
    *(
        b"\x1bP1+r636f\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b[?2026;2$y",
        b"\x1b[?2048;2$y",
        b"\x1b[I",
    ),
)
KEYS = (
    *(b"\x1b[A", b"\x1b[B", b"\x1bOA", b"\x1b[5~", b"\x1b[6~", b"j", b"k", b"g", b"G", b"\t"),
    *(b"\x1b[57413;129;43u", b"\x1b[57410;129;47u" + ESCAPE, b"/" + ESCAPE, b"o", b"O", b"w", b"w"),
    *(
        b"\x1b[1114112u",
        b"\x1b[97:65;2:1;65u",
        b"\x1b[99999999999999999u",
        b"\x1b[" + b"9" * 200,
    ),
)


def every_byte(rng: random.Random) -> list[bytes]:
    """Every byte value: characters in the filter, the others before a key. Keys that quit or
    suspend are left out."""
    characters = bytes(range(32, 127))
    others = [value for value in range(256) if value not in characters + b"\x03\x11\x1a"]
    rng.shuffle(others)
    return [b"/" + characters + ESCAPE * 2, *(bytes([value]) + b"j" for value in others)]


def cut_characters(rng: random.Random) -> list[bytes]:
    """UTF-8 cut at every place, and other character sets."""
    whole = "øé€中🔌".encode()
    cuts = [whole[:at] + b"j" for at in range(len(whole))]
    return [*cuts, "Tromsø".encode("latin-1") + ESCAPE, b"\xed\xa0\x80j", b"\xff\xfej"]


def sequences(rng: random.Random) -> list[bytes]:
    """Keys, clicks and answers, whole and cut, in any order."""
    pool = [*MOUSE, *ANSWERS, *KEYS]
    found = []
    for _ in range(120):
        piece = rng.choice(pool)
        if rng.random() < 0.3 and piece.startswith(b"\x1b"):
            # Then an Escape, which ends it.
            piece = piece[: rng.randrange(1, len(piece))] + ESCAPE
        found.append(piece)
    return found


def floods(rng: random.Random) -> list[bytes]:
    """Keys as fast as a terminal can send them, in large reads."""
    return [rng.choice([b"j", b"k", b"\x1b[A", b"\x1b[B"]) * 100 for _ in range(2)]


def pastes(rng: random.Random) -> list[bytes]:
    """Pastes into the list and into the filter: of 1 MB, never ended, with commands."""
    big = b"\x1b[200~" + b"oslo qqq\n" * 120_000 + b"\x1b[201~"
    evil = b"\x1b[200~\x1b" + b"q" * 60 + b"\x03\x1b[201~"
    # The filter takes longer over it.
    less = b"\x1b[200~" + b"oslo qqq\n" * 12_000 + b"\x1b[201~"
    return [
        *(big, evil, b"/" + less + ESCAPE * 2, b"/" + evil + ESCAPE * 2),
        *(b"\x1b[201~", b"\x1b[200~" + b"q" * 40),
    ]


GROUPS: dict[str, Callable[[random.Random], list[bytes]]] = {
    "every byte value": every_byte,
    "cut UTF-8 and other character sets": cut_characters,
    "mouse reports at the limits, answers, cut sequences": sequences,
    "floods of keys": floods,
    "pastes of 1 MB, with sequences, without an end": pastes,
}


def seeds(long: bool) -> range:
    return range(SEED, SEED + (8 if long else 1))


def check_ended_well(terminal: FaultyTerminal, status: int) -> None:
    assert status == 0, terminal.text()[-600:]
    terminal.check_restored()


def wait_until_stopped(process: int) -> None:
    """Wait until a process is stopped: the background is no place for the app."""
    until = time.monotonic() + GUARD
    stat = Path(f"/proc/{process}/stat")
    while stat.exists() and stat.read_text().rpartition(") ")[2][0] != "T":
        assert time.monotonic() < until
        time.sleep(0.01)


class Served:
    """Stations with one connector each, served by version 1."""

    def __init__(self, count: int) -> None:
        self.statuses = {f"NOR_{number:05d}": 0 for number in range(1, count + 1)}
        """What was reported last: 0 is free, 1 occupied."""
        self.address = ""
        self.connections: list[ServerConnection] = []

    def change(self, station: str) -> None:
        """Change a station, and report it."""
        self.statuses[station] = 1 - self.statuses[station]
        self.connections[-1].send(self._message("status:update", self._station(station)))

    def talk(self, connection: ServerConnection) -> None:
        """Serve one client."""
        # First: the program may show the snapshot before this thread goes on.
        self.connections.append(connection)
        connection.send(self._message("snapshot:init", [*map(self._station, self.statuses)]))
        for _ in connection:
            pass

    def _station(self, name: str) -> dict[str, object]:
        now = int(time.time() * 1000)
        connector = {"status": self.statuses[name], "error": 0, "timestamp": now}
        return {"uuid": name, "status": 0, "connectors": [connector]}

    def _message(self, kind: str, data: object) -> str:
        return json.dumps({"type": kind, "data": data})


@contextmanager
def v1_server(count: int = 1) -> Iterator[Served]:
    """Serve ``count`` stations, all free."""
    served = Served(count)
    with serve(served.talk, "127.0.0.1", 0, close_timeout=0.1) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            served.address = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
            yield served
        finally:
            for connection in served.connections:
                connection.close_socket()
            server.shutdown()
            thread.join(GUARD)


_ROW = re.compile(r"│(?P<mark>.) +(?P<free>[01?])/1 .* (?P<station>NOR_\d{5}) ")


def wait_until_exact(
    terminal: FaultyTerminal, served: Served, selected: str = "", since: int = 0
) -> None:
    """Wait until the screen shows each station once, as it was reported last, and the list with
    the cursor on ``selected``: drawn by what was written from the byte ``since`` on."""
    wanted = {station: str(1 - status) for station, status in served.statuses.items()}
    screen, drawn = EmulatedScreen(*SIZE), since
    until = time.monotonic() + GUARD
    while True:
        screen.feed(terminal.output[drawn:])
        drawn = len(terminal.output)
        rows = [found for line in screen.lines if (found := _ROW.match(line)) is not None]
        shown = {row["station"]: row["free"] for row in rows}
        marked = [row["station"] for row in rows if row["mark"] == "▌"]
        if shown == wanted and len(rows) == len(wanted) and (not selected or marked == [selected]):
            return
        assert time.monotonic() < until, "\n".join(screen.lines)
        terminal.take(0.05)


def test_input(tmp_path: Path, faults_long: bool, record_fault: RecordFault) -> None:
    """Everything that a terminal can send, to one app."""
    tried = dict.fromkeys(GROUPS, 0)
    with FaultyTerminal(tmp_path) as terminal:
        terminal.wait_until_live()
        terminal.wait_for(re.escape(ASK_BACKGROUND.encode()))
        for seed in seeds(faults_long):
            rng = random.Random(seed)
            for name, make in GROUPS.items():
                for data in make(rng):
                    terminal.send(data)
                    tried[name] += 1
                terminal.check_alive()
        check_ended_well(terminal, terminal.quit())
    for name, times in tried.items():
        record_fault(name, times, "nothing", "exact")


def test_resizes(tmp_path: Path, faults_long: bool, record_fault: RecordFault) -> None:
    """The window changes while keys are typed and pastes are read, to sizes of any kind."""
    sizes = [(1, 1), (0, 0), (20, 5), (60, 20), (80, 24), (400, 120), (65535, 1), (1, 65535)]
    tried = 0
    with (
        v1_server(8) as served,
        FaultyTerminal(
            tmp_path, "--source", served.address, env={"COLUMNS": "7", "LINES": "x"}
        ) as terminal,
    ):
        wait_until_exact(terminal, served)
        for seed in seeds(faults_long):
            rng = random.Random(seed)
            for _ in range(25):
                terminal.resize(*rng.choice(sizes))
                terminal.send(
                    rng.choice([b"j", b"?", b"\x1b", b"/x", b"\x1b[200~y\x1b[201~", b"o"])
                )
                terminal.take()
                served.change(rng.choice([*served.statuses]))
                tried += 1
            terminal.resize(*SIZE)
            at = len(terminal.output)
            terminal.send(ESCAPE * 3)
            wait_until_exact(terminal, served, since=at)
        check_ended_well(terminal, terminal.quit())
    record_fault("resizes during keys and pastes", tried, "the new size", "exact")


def test_output_that_blocks(tmp_path: Path, faults_long: bool, record_fault: RecordFault) -> None:
    """The terminal reads nothing for a while, blocking or not; then the screen is whole again."""
    tried = 0
    with (
        v1_server(8) as served,
        FaultyTerminal(tmp_path, "--source", served.address, detached=True) as terminal,
    ):
        wait_until_exact(terminal, served)
        for blocking in [True, False] * (4 if faults_long else 1):
            terminal.set_blocking(blocking)
            for number, key in enumerate(b"OjkOGg" * 12):
                terminal.send_only(bytes([key]))
                served.change(f"NOR_{number % 8 + 1:05d}")
            served.change("NOR_00003")
            terminal.wait_until_full()
            terminal.send("gj")
            wait_until_exact(terminal, served, "NOR_00002")
            tried += 1
        # Stuck for good: it still ends when it is asked to, and waits only briefly.
        assert BRIEFLY < SOON
        for key in b"OG" * 40:
            terminal.send_only(bytes([key]))
            served.change("NOR_00001")
        terminal.wait_until_full()
        terminal.signal(signal.SIGTERM)
        assert terminal.process.wait(GUARD) == 0
    record_fault("output that blocks, or is non-blocking", tried, "a pause", "exact")
    record_fault("output that is stuck for good, SIGTERM", 1, "the end", "ended")


def test_suspension(tmp_path: Path, faults_long: bool, record_fault: RecordFault) -> None:
    """Ctrl+Z and fg in a shell; kill -STOP and fg; bg; each brings all modes back."""
    shell = ("/bin/bash", "--norc", "--noediting", "-i")
    with (
        v1_server(8) as served,
        FaultyTerminal(tmp_path, command=shell, env={"PS1": "READY> "}) as terminal,
    ):

        def wait_until_back(since: int) -> None:
            """Wait until the app has the terminal, answers keys and shows the present state."""
            terminal.wait_for(re.escape(ENTER["kitty keys"]), since)
            terminal.send(ESCAPE)
            wait_until_exact(terminal, served, since=since)
            terminal.send("gj")
            wait_until_exact(terminal, served, "NOR_00002", since)

        terminal.wait_for(b"READY> ")
        program = f"{sys.executable} -m nobil_tui --source {served.address}"
        terminal.send(f"sh -c 'echo PID $$; exec {program}'\n")
        wait_until_back(0)
        process = int(terminal.wait_for(rb"PID (\d+)")[1])
        times = 6 if faults_long else 2
        for number in range(times):
            at = len(terminal.output)
            # Also from a dialog.
            terminal.send("?" * (number % 2) + "\x1a")
            terminal.wait_for(b"READY> ", at)
            terminal.check_restored()
            served.change("NOR_00003")
            if number == 1:
                at = len(terminal.output)
                terminal.send("bg\n")
                terminal.wait_for(b"&\r\n.*READY> ", at)
                wait_until_stopped(process)
            terminal.resize(100, 30 - number % 2)
            at = len(terminal.output)
            terminal.send("fg\n")
            wait_until_back(at)
            for name, sequence in ENTER.items():
                assert sequence in terminal.output[at:], name
            assert not termios.tcgetattr(terminal.slave)[3] & (termios.ICANON | termios.ECHO)
        at = len(terminal.output)
        os.kill(process, signal.SIGSTOP)
        terminal.wait_for(b"READY> ", at)
        served.change("NOR_00003")
        at = len(terminal.output)
        terminal.send("fg\n")
        wait_until_back(at)
        at = len(terminal.output)
        terminal.send("\x03")
        terminal.wait_for(b"READY> ", at)
        terminal.send("exit\n")
        check_ended_well(terminal, terminal.end())
    record_fault("Ctrl+Z, fg, bg, another size", times, "the shell, then the same screen", "exact")
    record_fault("kill -STOP, fg", 1, "the same screen", "exact")


def test_hang_up(tmp_path: Path, faults_long: bool, record_fault: RecordFault) -> None:
    """The terminal is closed at a random moment, with and without SIGHUP; the state is free."""
    rng = random.Random(SEED)
    moments = [rng.random() * 1.5 for _ in range(24)] if faults_long else [0.1, 0.3]
    for number, moment in enumerate(moments):
        detached = bool(number % 2)
        with FaultyTerminal(tmp_path, detached=detached) as terminal:
            terminal.wait_for(rb"\x1b\[\?1049h")
            until = time.monotonic() + moment
            while time.monotonic() < until:
                terminal.take(0.02)
            terminal.hang_up()
            # SIGHUP before the app listens ends it too.
            assert terminal.process.wait(GUARD) in (0, -signal.SIGHUP)
    assert not [log for log in tmp_path.rglob("*.log") if "Traceback" in log.read_text()]
    record_fault("hang-up at random moments", len(moments), "the end", "ended")


def test_hang_up_keeps_what_was_shown(tmp_path: Path, record_fault: RecordFault) -> None:
    """What was shown last is saved, and the next program may write at once."""
    for detached in (False, True):
        home = tmp_path / str(detached)
        home.mkdir()
        with (
            v1_server() as served,
            FaultyTerminal(
                home, "--source", served.address, detached=detached, size=(160, 50)
            ) as terminal,
        ):
            terminal.wait_for(rb"NOR_00001")
            at = len(terminal.output)
            served.change("NOR_00001")
            terminal.wait_for(rb"occupied", at)
            terminal.hang_up()
            assert terminal.process.wait(GUARD) == 0
        (path,) = [each for each in home.rglob("v1-*.sqlite") if "alerts" not in each.name]
        store = StateStore.open(path)
        try:
            assert store.writing, store.notice
            (station,) = store.load().stations.values()
            assert [each.status for each in station.connectors] == [1]
        finally:
            store.close()
    record_fault("hang-up with a real source", 2, "the end, saved, the lock is free", "exact")


def test_signals(tmp_path: Path, faults_long: bool, record_fault: RecordFault) -> None:
    """SIGTERM, SIGHUP and SIGINT at a random moment, also before the first paint."""
    rng = random.Random(SEED)
    numbers = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT] * (6 if faults_long else 1)
    for number in numbers:
        with FaultyTerminal(tmp_path) as terminal:
            terminal.wait_for(rb"\x1b\[\?1049h")
            until = time.monotonic() + rng.random() * (0.5 if faults_long else 0.2)
            while time.monotonic() < until:
                terminal.take(0.02)
            terminal.signal(number)
            check_ended_well(terminal, terminal.end())
    record_fault("signals at random moments", len(numbers), "the end", "ended")


SURROUNDINGS: tuple[dict[str, str], ...] = (
    {"TERM": "linux", "LANG": "C", "LC_ALL": "C", "COLUMNS": "0", "NO_COLOR": ""},
    {"TERM": "", "PYTHONIOENCODING": "latin-1", "COLUMNS": "²", "NO_COLOR": "1"},
    {"TERM": "x" * 5000, "LANG": "xx_YY.nonsense", "LINES": "-1", "COLORTERM": "truecolor"},
    {"TERM": "vt100", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "LANG": ""},
    {"TERM": "unknown", "TMUX": "x", "STY": "x", "COLUMNS": "999999999999"},
    {"TERM": "xterm\x1b[2J", "TERM_PROGRAM": "Apple_Terminal", "ESCDELAY": "x"},
    {"TERM": "tmux-256color", "TEXTUAL_FPS": "x", "TEXTUAL_ESCDELAY": "x", "FORCE_COLOR": "x"},
)


def test_surroundings(tmp_path: Path, faults_long: bool, record_fault: RecordFault) -> None:
    """Odd TERM, locale, COLUMNS and NO_COLOR; a sign that the terminal lacks is never drawn."""
    chosen = SURROUNDINGS if faults_long else SURROUNDINGS[:2]
    # Started afresh: the interpreter reads some of it.
    command = ("/usr/bin/env", sys.executable, "-m", "nobil_tui")
    for env in chosen:
        with FaultyTerminal(tmp_path, command=command, env=env) as terminal:
            terminal.wait_until_live()
            if env["TERM"] in ("linux", "", "vt100", "unknown"):
                assert terminal.output.isascii(), env
            colourless = not terminal.colours()
            assert colourless == bool(env.get("NO_COLOR")), env
            check_ended_well(terminal, terminal.quit())
    record_fault("odd TERM, locale, COLUMNS, NO_COLOR", len(chosen), "signs in ASCII", "exact")


PARTS = (
    *("writer thread", "compositor", "input later", "worker", "timer", "app", "construction"),
    *("compose", "style sheet", "message handler", "thread worker", "callback", "task"),
    *("input thread", "start of the input", "session", "close", "command", "quit"),
)


def test_crashes(tmp_path: Path, faults_long: bool, record_fault: RecordFault) -> None:
    """A defect in any part restores the terminal, and says where the log is."""
    chosen = PARTS if faults_long else PARTS[:3]
    for part in chosen:
        home = tmp_path / part.replace(" ", "-")
        home.mkdir()
        command = (sys.executable, "-m", "tests.faults.crashing", part)
        with FaultyTerminal(home, command=command) as terminal:
            if part in ("input later", "command", "quit"):
                terminal.wait_for(b"SIMULATED")
                terminal.send("q" if part == "quit" else "?")
            assert terminal.end() == 1, part
            [log] = home.rglob("*.log")
            error = "StylesheetParseError" if part == "style sheet" else "DefectError"
            said = f"nobil-tui: Unexpected error ({error}). The log has the details: {log}"
            assert said in terminal.text().replace("\r\n", " "), part
            assert "Traceback" in log.read_text(), part
            assert "s3cr3t" not in log.read_text() + terminal.text(), part
            terminal.check_restored()
    record_fault("unexpected exceptions of ours", len(chosen), "one sentence", "ended")
