"""``register``: messages and exit codes, against a real server."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import pytest

from nobil_tui.base.paths import register_file
from nobil_tui.charging.register import CREDIT, Facts
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.register.cache import Origin, load_register, save_register
from tests.cli.conftest import Invoke, Run
from tests.conftest import GUARD, guarded
from tests.forking import Forked
from tests.http_service import status
from tests.register.register_service import KEY, RegisterService, dump_of, station, stations

UPDATE = [*(sys.executable, "-W", "error", "-m", "nobil_tui"), *("register", "update", "--config")]


class Register(Protocol):
    async def __call__(self, *args: str, key: str = KEY) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
async def service() -> AsyncIterator[RegisterService]:
    async with RegisterService() as service:
        yield service


@pytest.fixture
async def config(service: RegisterService, tmp_path: Path) -> Path:
    """Return a config with the address of the local server."""
    path = tmp_path / "config.toml"
    path.write_text(f'[register]\naddress = "{service.address}"\n')
    return path


def add(config: Path, text: str, mode: int) -> None:
    """Append to a config and set its mode."""
    config.write_text(config.read_text() + text)
    config.chmod(mode)


@pytest.fixture
async def register(here: Run) -> Register:
    """Return ``register(*args)``: run the command in a thread beside the server; check that the
    key is not printed."""

    async def runs(*args: str, key: str = KEY) -> subprocess.CompletedProcess[str]:
        done = await asyncio.to_thread(here, "register", *args, env={"NOBIL_REGISTER_KEY": key})
        for said in (done.stdout, done.stderr):
            assert KEY not in said
            assert quote(KEY, safe="") not in said
            assert "Traceback" not in said
        return done

    return runs


async def test_update_fetches_the_countries_of_the_config(
    register: Register, service: RegisterService, config: Path
) -> None:
    done = await register("update", "--config", str(config))
    assert (done.returncode, done.stdout) == (
        ExitCode.SUCCESS,
        f"Norway: 3 stations from 127.0.0.1. Sweden: 2 stations from 127.0.0.1.\n{CREDIT}\n",
    )
    # Without a terminal, a line per country.
    assert done.stderr == "nobil-tui: Norway: connecting\nnobil-tui: Sweden: connecting\n"
    assert len(service.asked) == 2
    cached = load_register(register_file())
    assert cached is not None
    assert len(cached.facts) == 5

    done = await register("status")
    assert (done.returncode, done.stderr) == (ExitCode.SUCCESS, "")
    assert done.stdout.splitlines() == [
        str(register_file()),
        "Norway: 3 stations from 127.0.0.1, just now",
        "Sweden: 2 stations from 127.0.0.1, just now",
        CREDIT,
    ]

    done = await register("update", "--config", str(config))
    assert done.returncode == ExitCode.SUCCESS
    assert done.stdout.startswith(
        "Norway: 3 stations, fetched just now. Sweden: 2 stations, fetched just now. Use --force "
    )
    assert len(service.asked) == 2
    done = await register("update", "--config", str(config), "--force", "--country", "swe")
    assert done.returncode == ExitCode.SUCCESS
    assert [asked.query["countrycode"] for asked in service.asked] == ["NOR", "SWE", "SWE"]


async def test_key_of_the_environment_precedes_the_config(
    register: Register, service: RegisterService, config: Path
) -> None:
    add(config, f'api_key = "{KEY}"\n[enova]\napi_key = "other"\n', 0o600)
    done = await register("update", "--config", str(config), key="")
    assert (done.returncode, service.asked[0].query["apikey"]) == (ExitCode.SUCCESS, KEY)
    done = await register("update", "--config", str(config), "--force", key="wrong one")
    assert done.returncode == ExitCode.KEY_REFUSED


async def test_warn_if_others_can_read_the_key(register: Register, config: Path) -> None:
    add(config, f'api_key = "{KEY}"\n', 0o644)
    done = await register("update", "--config", str(config), key="")
    assert done.returncode == ExitCode.SUCCESS
    assert "others on this machine can read it" in done.stderr


def test_without_a_key_explain_how_to_set_one(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOBIL_API_KEY", "k3y-of-another-service")
    done = invoke("register", "update")
    assert (done.exit_code, done.stdout) == (ExitCode.USAGE, "")
    for words in (
        "NOBIL_REGISTER_KEY",
        "api_key under [register]",
        "may be the same",
        "never sent there",
    ):
        assert words in done.stderr


def test_invalid_config_is_reported(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[register]\ncountries = ["DAN"]\n')
    done = invoke("register", "--config", str(path), "update")
    assert done.exit_code == ExitCode.USAGE
    assert f"{path}:2:" in done.stderr


async def test_warn_if_the_key_is_sent_unencrypted(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[register]\naddress = "http://nobil.invalid/"\n')
    monkeypatch.setenv("NOBIL_REGISTER_KEY", KEY)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    done = await asyncio.to_thread(
        invoke, "register", "update", "--config", str(path), "--country", "NOR"
    )
    assert done.exit_code == ExitCode.FAILURE
    assert "is sent unencrypted" in done.stderr


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [(401, ExitCode.KEY_REFUSED), (403, ExitCode.KEY_REFUSED), (500, ExitCode.FAILURE)],
)
async def test_server_error_is_reported(
    register: Register, service: RegisterService, config: Path, code: int, exit_code: ExitCode
) -> None:
    service.answers.append(status(code))
    done = await register("update", "--config", str(config), "--country", "NOR")
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert f"HTTP {code}" in done.stderr
    assert load_register(register_file()) is None


async def test_too_few_stations_are_refused_with_a_hint(
    register: Register, service: RegisterService, config: Path
) -> None:
    save_register(
        register_file(), {f"NOR_{n}": Facts() for n in range(9)}, {"NOR": Origin(0, "nobil.no", 9)}
    )
    done = await register("update", "--config", str(config), "--country", "NOR")
    assert done.returncode == ExitCode.FAILURE
    assert done.stderr.endswith(
        "9 are stored; nothing was changed. Use --force to replace the register anyway.\n"
    )
    assert (
        await register("update", "--config", str(config), "--country", "NOR", "--force")
    ).returncode == ExitCode.SUCCESS


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, ExitCode.INTERRUPTED),
        (signal.SIGTERM, ExitCode.FAILURE),
        (signal.SIGHUP, ExitCode.FAILURE),
    ],
)
async def test_interrupted_update_keeps_the_stored_register(
    service: RegisterService, config: Path, number: signal.Signals, code: ExitCode
) -> None:
    save_register(register_file(), {"NOR_1": Facts("old")}, {})
    before = register_file().read_bytes()
    service.answers.append(service.half)
    process = Forked(
        [*UPDATE, str(config)],
        env={**os.environ, "NOBIL_REGISTER_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    await guarded(service.reached.wait())
    process.send_signal(number)
    out, err = await asyncio.to_thread(process.communicate, timeout=GUARD)
    assert (process.returncode, out) == (code, b"")
    assert (
        err.splitlines()[-1]
        == b"nobil-tui: Interrupted. A country that was not complete was not changed."
    )
    assert b"Traceback" not in err
    assert register_file().read_bytes() == before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals there")
async def test_progress_on_a_terminal_is_one_line(service: RegisterService, config: Path) -> None:
    ours, theirs = os.openpty()
    process = Forked(
        [*UPDATE, str(config)],
        env={**os.environ, "NOBIL_REGISTER_KEY": KEY, "COLUMNS": "20"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    assert await asyncio.to_thread(process.wait, GUARD) == ExitCode.SUCCESS
    os.close(theirs)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    lines = said.split("\r\x1b[K")
    # The line is erased at the end.
    assert (lines[0], lines[-1]) == ("", "")
    assert lines[1] == "Norway: connecting"
    assert "Norway: downloading"[:19] in lines
    assert "Sweden: storing" in lines
    assert max(map(len, lines)) <= 19


# Import and status


def test_import_file(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "dump.json"
    file.write_bytes(dump_of([*stations("SWE", 2), station("NOR_1", None), {"csmd": {}}]))
    done = invoke("register", "import", str(file))
    assert (done.exit_code, done.stdout) == (
        ExitCode.SUCCESS,
        "Imported 3 stations from dump.json: Norway 1, Sweden 2 (1 more cannot be read).\n"
        f"{CREDIT}\n",
    )
    cached = load_register(register_file())
    assert cached is not None
    assert len(cached.facts) == 3


def test_import_counts_problems(invoke: Invoke, tmp_path: Path) -> None:
    found = stations("SWE", 2)
    for each in found:
        each["csmd"]["Position"] = "(0,0)"
    file = tmp_path / "dump.json"
    file.write_bytes(dump_of(found))
    done = invoke("register", "import", str(file))
    assert done.exit_code == ExitCode.SUCCESS
    assert "nobil-tui: positions at 0,0 (2)" in done.stderr.splitlines()


def test_incomplete_file_is_refused_merged_or_forced(invoke: Invoke, tmp_path: Path) -> None:
    save_register(
        register_file(), {f"NOR_{n}": Facts() for n in range(9)}, {"NOR": Origin(0, "nobil.no", 9)}
    )
    file = tmp_path / "dump.json"
    file.write_bytes(dump_of(stations("NOR", 2)))

    def count() -> int:
        cached = load_register(register_file())
        return 0 if cached is None else len(cached.facts)

    done = invoke("register", "import", str(file))
    assert (done.exit_code, done.stdout, count()) == (ExitCode.FAILURE, "", 9)
    assert "Use --merge to add them, or --force to replace the register anyway." in done.stderr
    assert (invoke("register", "import", str(file), "--merge").exit_code, count()) == (
        ExitCode.SUCCESS,
        11,
    )
    assert (invoke("register", "import", str(file), "--force").exit_code, count()) == (
        ExitCode.SUCCESS,
        2,
    )


def test_import_of_a_missing_file_is_reported(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("register", "import", str(tmp_path / "none.json"))
    assert (done.exit_code, done.stdout) == (ExitCode.FAILURE, "")
    assert "none.json was not imported: no such file" in done.stderr


def test_status_without_a_register(invoke: Invoke) -> None:
    done = invoke("register", "status")
    assert done.exit_code == ExitCode.SUCCESS
    assert "No register yet" in done.stdout
    assert "register update" in done.stdout
    assert not register_file().parent.exists()


def test_status_shows_another_licence(invoke: Invoke) -> None:
    origins = {"NOR": Origin(0, "a.json", 1), "SWE": Origin(0, "b.json", 2, rights="CC BY-NC 4.0")}
    save_register(register_file(), {}, origins)
    norway, sweden, credit = invoke("register", "status").stdout.splitlines()[1:]
    assert norway.startswith("Norway: 1 station from a.json, ")
    assert norway.endswith(" d ago")
    assert sweden.endswith(' d ago, under "CC BY-NC 4.0"')
    assert credit == CREDIT


def test_status_of_a_damaged_register(invoke: Invoke) -> None:
    register_file().parent.mkdir(parents=True)
    register_file().write_bytes(b"damaged")
    done = invoke("register", "status")
    assert (done.exit_code, done.stdout) == (ExitCode.FAILURE, "")
    assert "register update" in done.stderr


@pytest.mark.parametrize("args", [(), ("update",), ("import",), ("status",)])
def test_help_gives_credit(invoke: Invoke, args: tuple[str, ...]) -> None:
    done = invoke("register", *args, "--help")
    assert done.exit_code == ExitCode.SUCCESS
    assert CREDIT in " ".join(done.stdout.split())


@pytest.mark.slow
def test_help_and_status_do_not_import_network_libraries() -> None:
    code = """
import sys
from nobil_tui.cli.root import run_command_line
for args in (["register", "update", "--help"], ["register", "status"]):
    assert run_command_line(args) == 0
print([name for name in ("aiohttp", "textual", "websockets", "sqlite3") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=GUARD, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
