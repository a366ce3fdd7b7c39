"""A marked key and its tokens appear only in the config and in requests to their own service."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from aiohttp import web
from websockets.asyncio.server import ServerConnection

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import Redactor, Secret
from nobil_tui.cli.log_file import start_logging
from nobil_tui.config.model import Config, EnovaSection
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.request import SourceOptions
from tests.conftest import GUARD, guarded
from tests.faults.table import RecordFault
from tests.feeds.enova_service import KEY, EnovaService, frame
from tests.forking import Forked
from tests.http_service import HttpService
from tests.register.register_service import KEY as REGISTER_KEY
from tests.register.register_service import RegisterService
from tests.tui.app_driver import main_of, opened, setup_of, text_of, until
from tests.tui.dialogs.test_diagnostics import open_diagnostics

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")

CRASH = """
import os
from nobil_tui.wire import enova
def decode(data, at):
    token = "token"
    raise RuntimeError(f"wss://x/?access_token={os.environ['MARK']} api_key: {os.environ['MARK']}",
                       data, {"key": os.environ["MARK"]})
enova.decode = decode
import sys
from nobil_tui.__main__ import main
sys.argv = ["nobil-tui", *sys.argv[1:]]
sys.exit(main())
"""


class Elsewhere(HttpService):
    """A host that must learn nothing: a redirect points there."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Note everything that was sent."""
        self.heard.append(f"{request.path_qs} {dict(request.headers)} {await request.read()!r}")
        return web.Response(status=404)


class Echo(EnovaService):
    """Repeats the key and the token wherever a careless server could."""

    def __init__(self, clock: Clock, elsewhere: Elsewhere) -> None:
        super().__init__(clock)
        self.mode = "success"
        self._elsewhere = elsewhere

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer as the mode says, in words that hold the key."""
        words = f"the key {KEY} of {request.url} is not valid, nor is {quote(KEY, safe='')}"
        match self.mode:
            case "refusal":
                return web.json_response({"statusCode": 401, "message": words}, status=401)
            case "failure":
                return web.Response(status=500, text=words, reason="Broken")
            case "redirect":
                place = f"{self._elsewhere.origin}/?key={quote(KEY, safe='')}"
                return web.Response(status=302, headers={"Location": place})
            case _:
                return await super().respond(request)

    async def _talk(self, connection: ServerConnection) -> None:
        token = self.issued[-1]
        for said in (
            frame("NOR_00001", "1", "AVAILABLE"),
            f'{{"nobilId":"NOR_00001","evseUId":7,"status":"{KEY} {token}"}}',
            f"<html>{token} {KEY}",
        ):
            await connection.send(said)
        if self.mode == "closing":
            await connection.close(1011, f"bad {KEY} {token}"[:120])
        await connection.wait_closed()


class Bench(NamedTuple):
    """Two services, a host that must learn nothing, and a home with a config."""

    enova: Echo
    register: RegisterService
    elsewhere: Elsewhere
    home: Path
    processes: list[subprocess.Popen[bytes]]

    @property
    def marks(self) -> list[str]:
        """What must be nowhere."""
        marks = [KEY, REGISTER_KEY, *self.enova.issued]
        other = [quote(mark, safe="") for mark in marks]
        coded = [base64.b64encode(mark.encode()).decode().rstrip("=") for mark in marks]
        return [*marks, *other, *coded, KEY[:10], REGISTER_KEY[:10]]

    def check(self, *texts: str) -> None:
        """Fail if a mark is in a text or in a file of the home; the config is where it belongs."""
        files = [path for path in self.home.rglob("*") if path.is_file()]
        contents = {
            str(path): path.read_bytes().decode(errors="replace")
            for path in files
            if path.name != "config.toml"
        }
        for where, text in (*contents.items(), *(("output", text) for text in texts)):
            for mark in self.marks:
                at = text.find(mark)
                assert at < 0, f"{where}: ...{text[max(0, at - 200) : at + 60]!r}"


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    elsewhere, register = Elsewhere(), RegisterService()
    enova = Echo(Clock(), elsewhere)
    async with elsewhere, register, enova:
        (tmp_path / "config.toml").write_text(
            f'[stream]\nsource = "enova"\n'
            f'[enova]\napi_key = "{KEY}"\naddress = "{enova.address}"\n'
            f'[register]\napi_key = "{REGISTER_KEY}"\naddress = "{register.address}"\n'
        )
        (tmp_path / "config.toml").chmod(0o600)
        processes: list[subprocess.Popen[bytes]] = []
        try:
            yield Bench(enova, register, elsewhere, tmp_path, processes)
        finally:
            for each in processes:
                # After a failure: a thread may wait for what it says.
                each.kill()
                each.communicate()


def start(bench: Bench, *args: str, fresh: bool = False) -> Program:
    """Start a command, in a ``fresh`` interpreter where the list of processes is the point."""
    return start_program(bench, "-m", "nobil_tui", *args, fresh=fresh)


def start_program(bench: Bench, kind: str, program: str, *args: str, fresh: bool) -> Program:
    has_source = args[0] in ("tail", "record", "watch", "serve", "wait", "list", "status")
    more = ["--log-level", "DEBUG"] if has_source else []
    if args[0] not in ("history", "completion"):
        more += ["--config", str(bench.home / "config.toml")]
    process = (subprocess.Popen if fresh else Forked)(
        [sys.executable, kind, program, *args, *more],
        cwd=bench.home,
        env={**os.environ, "HOME": str(bench.home), "MARK": KEY, "NOBIL_API_KEY": KEY},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    bench.processes.append(process)
    return Program(process)


class Program(NamedTuple):
    """A running command."""

    process: subprocess.Popen[bytes]

    @property
    def in_process_list(self) -> str:
        """What the list of processes shows of it, where the system has files for that."""
        path = Path(f"/proc/{self.process.pid}/cmdline")
        return path.read_text() if path.exists() else ""

    async def until_it_says(self, words: bytes) -> str:
        """Return what it writes to its standard error until ``words``."""
        assert self.process.stderr is not None
        said = b""
        while words not in said:
            line = await asyncio.to_thread(self.process.stderr.readline)
            assert line, said
            said += line
        return said.decode()

    async def end(self, *, interrupt: bool = False) -> str:
        """Return all output, after the end of the command or an interrupt."""
        if interrupt and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        out, err = await asyncio.to_thread(self.process.communicate, timeout=GUARD)
        return (out + err).decode()


def _all_heard(bench: Bench) -> bool:
    recording = bench.home / "a.jsonl"
    return bench.enova.handshakes >= 5 and b"<html>" in recording.read_bytes()


async def test_every_command_that_succeeds(bench: Bench, record_fault: RecordFault) -> None:
    long = [
        start(bench, "tail", fresh=True),
        start(bench, "record", "a.jsonl"),
        start(bench, "watch"),
        start(bench, "serve", "--port", "0"),
    ]
    shown = long[0].in_process_list
    assert not shown or "tail" in shown
    short = [
        start(bench, *args)
        for args in (
            ("wait", "NOR_00001", "--timeout", "3600"),
            ("register", "update"),
            ("config", "show"),
        )
    ]
    outputs = [await guarded(program.end()) for program in short]
    assert '"after":"free"' in outputs[0]
    async with asyncio.timeout(GUARD):
        # Other processes fulfil it.
        while not _all_heard(bench):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    outputs += [await guarded(program.end(interrupt=True)) for program in long]
    after = [
        start(bench, *args)
        for args in (
            ("list",),
            ("status", "NOR_00001"),
            ("history", "export"),
            ("register", "status"),
        )
    ]
    outputs += [await guarded(program.end()) for program in after]
    # A recording is what was sent, also by a server that repeats the key: it is left to its owner.
    recording = bench.home / "a.jsonl"
    lines = recording.read_text().splitlines()
    kept = [line for line in lines if not any(mark in line for mark in (KEY, "<html>"))]
    recording.write_text("\n".join(kept))
    assert 2 <= len(kept) < len(lines)
    bench.check(*outputs, shown)
    assert bench.elsewhere.heard == []
    record_fault("secrets: commands that succeed", len(outputs), "no key or token", "no state")


@pytest.mark.parametrize("mode", ["refusal", "failure", "redirect", "closing"])
async def test_commands_that_fail(bench: Bench, mode: str, record_fault: RecordFault) -> None:
    bench.enova.mode = mode
    refused = web.json_response
    words = f"your key {REGISTER_KEY} is wrong"

    async def answer(_: web.Request) -> web.StreamResponse:
        if mode == "redirect":
            place = f"{bench.elsewhere.origin}/?apikey={quote(REGISTER_KEY, safe='')}"
            return web.Response(status=302, headers={"Location": place})
        return refused({"error": words}, status=200 if mode == "closing" else 403)

    bench.register.answers += [answer] * 4
    programs = [start(bench, "tail")]
    if mode != "failure":
        programs.append(start(bench, "register", "update"))
    outputs = []
    if mode != "refusal":
        outputs.append(await guarded(programs[0].until_it_says(b"Retrying automatically.")))
    outputs += [await guarded(program.end(interrupt=mode != "refusal")) for program in programs]
    assert all(program.process.returncode for program in programs), outputs
    bench.check(*outputs, *bench.elsewhere.heard)
    assert bench.elsewhere.heard == []
    record_fault(f"secrets: {mode}", len(outputs), "no key or token", "no state")


async def test_a_command_that_crashes(bench: Bench, record_fault: RecordFault) -> None:
    program = start_program(bench, "-c", CRASH, "tail", fresh=True)
    output = await guarded(program.end())
    assert program.process.returncode == 1, output
    assert "Unexpected error (RuntimeError)" in output
    logs = [path for path in bench.home.rglob("*.log") if "RuntimeError" in path.read_text()]
    assert logs
    bench.check(output)
    record_fault("secrets: crash", 1, "no key or token", "ended")


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("mode", ["success", "refusal", "failure", "closing"])
async def test_the_app(
    bench: Bench, mode: str, record_fault: RecordFault, caplog: pytest.LogCaptureFixture
) -> None:
    bench.enova.mode = mode
    config = Config(enova=EnovaSection(Secret(KEY), bench.enova.address))
    redactor: Redactor = start_logging(bench.home / "app.log", "DEBUG", [KEY])
    options = SourceOptions(add_secret=redactor.learn)
    source = SourceFactory({}, options)("enova", config).source
    setup = setup_of(
        Clock(),  # type: ignore[arg-type]  # the real one: tokens are valid for a time
        source,
        config=config,
        state_dir=bench.home / "state",
        history_path=bench.home / "history.sqlite",
        environ={"NOBIL_API_KEY": KEY, "https_proxy": f"u:{KEY}@proxy:1"},
        redactor=redactor,
    )
    phases = {
        "success": LinkPhase.LIVE,
        "refusal": LinkPhase.REFUSED,
        "failure": LinkPhase.RETRYING,
        "closing": LinkPhase.RETRYING,
    }
    pictures = []
    async with opened(setup) as pilot:
        session = main_of(pilot).workspace.session
        await until(pilot, lambda: session.link.phase is phases[mode])
        if mode == "success":
            await until(pilot, lambda: session.counts.unreadable == 2)
        await main_of(pilot).live_updates.tick()
        pictures += [pilot.app.export_screenshot(), *text_of(pilot)]
        screen = await open_diagnostics(pilot)
        pictures += [screen.plain_text, pilot.app.export_screenshot()]
        await pilot.press("escape", "c")
        await pilot.pause()
        pictures += [pilot.app.export_screenshot(), repr(source), repr(config)]
    bench.check("\n".join(pictures).replace("&#160;", " "))
    record_fault(f"secrets: app, {mode}", len(pictures), "no key or token", "marked")
