"""Scenarios of writing to a faulty disk, call by call, and checks of what is left.

Run as a program, it tries one scenario with one fault at every call, each in a child process, and
prints the result as JSON: it forks, which a test process with threads cannot safely do.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from nobil_tui.alerts.claim import Claim, Update
from nobil_tui.alerts.rules import Seen
from nobil_tui.alerts.state import AlertState
from nobil_tui.base.files import NotSavedError
from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Facts
from nobil_tui.charging.station import WordConnector
from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.config.errors import ConfigError
from nobil_tui.config.operations import Star, Unstar
from nobil_tui.config.reading import load_config
from nobil_tui.config.template import TEMPLATE, init_config
from nobil_tui.feeds.recording_file import RecordingFile
from nobil_tui.feeds.source import SourceError
from nobil_tui.history.observation import Portion, StoredChange
from nobil_tui.history.store import HistoryStore, read_station
from nobil_tui.register.cache import CacheError, Origin, load_register, save_register
from nobil_tui.store import single_writer
from nobil_tui.store.recorder import Recorder, RecordError
from nobil_tui.store.state_store import StateStore
from nobil_tui.store.state_writer import pack
from nobil_tui.wire.recording import RecordedFrame
from tests.config.saving import save_config
from tests.faults.disk import HELD, KILLED, Disk

T0 = 1_774_267_200_000
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EBUSY, errno.EINTR)
OLD, NEW = "old", "new"


class Scenario(NamedTuple):
    """Something that writes."""

    prepare: Callable[[Path], None]
    """Writes the old content into a folder."""
    act: Callable[[Path], str]
    """Writes the new one. Returns what the user sees; empty if all went well."""
    left: Callable[[Path], str]
    """Returns what is in the folder: ``OLD``, ``NEW``, or what is wrong with it."""
    refused: str = ""
    """The call that always fails: where a rename is impossible."""


Fault = tuple[int, bool]
"""The number of an error, or zero to end the process, and whether all later calls fail too."""


class Outcome(NamedTuple):
    """What a fault at every call of a scenario led to."""

    times: int
    left: dict[str, int]
    """How often the old and the new content was left."""
    seen: str
    """What the user saw most often."""
    wrong: list[str]


# The config

_CONFIG = '# mine\n[watched]\nstations = ["A", "B"] # home\n'


def _prepare_config(folder: Path) -> None:
    (folder / "config.toml").write_text(_CONFIG)


def _save_config(folder: Path) -> str:
    try:
        save_config(folder / "config.toml", Star("C"), Unstar("A"))
    except (NotSavedError, ConfigError) as error:
        return str(error)
    return ""


def _config_left(folder: Path) -> str:
    text = (folder / "config.toml").read_text()
    # Empty lines at the end mean nothing: where it is rewritten in place, they may be left.
    if text.rstrip() == _CONFIG.rstrip():
        return OLD
    stations = load_config(folder / "config.toml").watched.stations
    return NEW if "# mine" in text and "# home" in text and stations == ["B", "C"] else repr(text)


def _init_config(folder: Path) -> str:
    try:
        init_config(folder / "folder" / "config.toml")
    except NotSavedError as error:
        return str(error)
    return ""


def _new_config_left(folder: Path) -> str:
    path = folder / "folder" / "config.toml"
    if not path.exists():
        return OLD
    return NEW if path.read_text() == TEMPLATE else repr(path.read_text())


# The register


def _register(name: str) -> tuple[dict[str, Facts], dict[str, Origin]]:
    return {"NOR_1": Facts(name=name)}, {"NOR": Origin(T0, "example.org", 1)}


def _save_register(folder: Path, name: str = NEW) -> str:
    try:
        save_register(folder / "cache" / "register.msgpack", *_register(name))
    except CacheError as error:
        return str(error)
    return ""


def _register_left(folder: Path) -> str:
    cached = load_register(folder / "cache" / "register.msgpack")
    return cached.facts["NOR_1"].name if cached is not None else "nothing"


# The export

_OLD_EXPORT, _NEW_EXPORT = b"mine\n" * 100, b"time,station\r\n" * 1000


def _prepare_export(folder: Path) -> None:
    (folder / "log.csv").write_bytes(_OLD_EXPORT)


def _export(folder: Path, *, replace: bool) -> str:
    # It imports Textual, and what the process has imported makes each child slower.
    from nobil_tui.tui.dialogs.export import write_file

    try:
        write_file(folder / "log.csv", _NEW_EXPORT, replace=replace)
    except OSError as error:
        return error.strerror or "refused"
    return ""


def _export_left(folder: Path) -> str:
    path = folder / "log.csv"
    content = path.read_bytes() if path.exists() else b""
    known = {b"": OLD, _OLD_EXPORT: OLD, _NEW_EXPORT: NEW}
    return known.get(content, f"{len(content)} bytes")


# The recording

_FRAMES = [b'{"n": %d}' % number for number in range(6)]


def _record(folder: Path, name: str) -> str:
    try:
        recorder = Recorder(folder / name, "enova", every=0, now=lambda: T0)
    except RecordError as error:
        return str(error)
    for number, frame in enumerate(_FRAMES):
        recorder(frame, T0 + number)
    recorder.close()
    return recorder.error or ""


def _recording_left(folder: Path, name: str) -> str:
    """The frames from the first on are new, none is old: a recording has no end of its own."""
    path = folder / name
    if not path.exists() or not path.stat().st_size:
        return OLD
    try:
        file = RecordingFile.open(path)
    except SourceError as error:
        # Ended before its first frame was written.
        return OLD if path.stat().st_size < 100 else str(error)
    lines = [line for line in file.lines() if line is not None]
    file.close()
    frames = [line.data for line in lines if isinstance(line, RecordedFrame)]
    if len(frames) < len(lines) or frames != _FRAMES[: len(frames)]:
        return repr(lines)
    return NEW if len(frames) == len(_FRAMES) else OLD


# The last known state


def _save_state(folder: Path, *names: str) -> str:
    single_writer.WRITER_CLOSE_TIMEOUT = 60.0
    board = Board()
    for name in names:
        board.apply_connector(name, "a", WordConnector(0, 0, word="AVAILABLE"), T0)
    store = StateStore.open(folder / "state" / "hand.sqlite", interval=0.001)
    store.load()
    store.save([pack([(name, board.stored(name)) for name in names])], 0, T0, whole=True)
    store.close()
    return store.notice


def _state_left(folder: Path) -> str:
    store = StateStore.open(folder / "state" / "hand.sqlite")
    stations = sorted(store.load().stations)
    store.close()
    known = {"": OLD, "A": OLD, "A B C": NEW}
    return known.get(" ".join(stations), f"{stations} {store.notice}")


# The history


def _observe(folder: Path, *numbers: int) -> str:
    single_writer.WRITER_CLOSE_TIMEOUT = 60.0
    store = HistoryStore.open(folder / "data" / "history.sqlite", interval=0.001)
    store.add(Portion([StoredChange("NOR_1", "a", 1, T0 + at, 0) for at in numbers]))
    store.close()
    return store.notice


def _history_left(folder: Path) -> str:
    wrong: list[str] = []
    history = read_station(folder / "data" / "history.sqlite", "NOR_1", 0, wrong.append)
    rows = [row.at - T0 for connector in history.connectors for row in connector.rows]
    known = {(1,): OLD, (1, 2, 3): NEW}
    return known.get(tuple(rows), f"{rows} {wrong}")


# What alerts saw

_KEY = AlertRule("NOR_1").key


def _store_seen(folder: Path, before: Seen | None, after: Seen) -> str:
    state = AlertState(folder / "state" / "alerts.sqlite")
    state.load([_KEY], T0)
    state.store(Claim([Update(_KEY, "NOR_1", before, after, after.on, T0)]))
    state.close()
    return state.notice


def _seen_left(folder: Path) -> str:
    state = AlertState(folder / "state" / "alerts.sqlite")
    state.load([_KEY], T0)
    seen = state.seen([_KEY]).get((_KEY, "NOR_1"))
    state.close()
    if state.notice or seen is None:
        return state.notice or "nothing"
    return NEW if seen.on else OLD


SCENARIOS: dict[str, Scenario] = {
    "config": Scenario(_prepare_config, _save_config, _config_left),
    "config in place": Scenario(_prepare_config, _save_config, _config_left, refused="replace"),
    "new config": Scenario(lambda _: None, _init_config, _new_config_left),
    "register": Scenario(
        lambda folder: _expect(_save_register(folder, OLD)), _save_register, _register_left
    ),
    "export": Scenario(lambda _: None, lambda folder: _export(folder, replace=False), _export_left),
    "export over a file": Scenario(
        _prepare_export,
        lambda folder: _export(folder, replace=True),
        _export_left,
    ),
    "recording": Scenario(
        lambda _: None,
        lambda folder: _record(folder, "a.jsonl"),
        lambda folder: _recording_left(folder, "a.jsonl"),
    ),
    "compressed recording": Scenario(
        lambda _: None,
        lambda folder: _record(folder, "a.jsonl.gz"),
        lambda folder: _recording_left(folder, "a.jsonl.gz"),
    ),
    "state": Scenario(
        lambda folder: _expect(_save_state(folder, "A")),
        lambda folder: _save_state(folder, "A", "B", "C"),
        _state_left,
    ),
    "history": Scenario(
        lambda folder: _expect(_observe(folder, 1)),
        lambda folder: _observe(folder, 2, 3),
        _history_left,
    ),
    "alerts": Scenario(
        lambda folder: _expect(_store_seen(folder, None, Seen(on=False))),
        lambda folder: _store_seen(folder, Seen(on=False), Seen(on=True)),
        _seen_left,
    ),
}


FILES = ("config", "config in place", "new config", "register", "export", "export over a file")
RECORDINGS = ("recording", "compressed recording")
DATABASES = ("state", "history", "alerts")


def _expect(notice: str) -> None:
    assert notice == "", notice


# The driver


class Run(NamedTuple):
    """One child: how it ended, and what it told the user."""

    code: int
    said: str


def run_child(act: Callable[[], str], disk: Disk) -> Run:
    """Run ``act`` in a child process with a disk of ours."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            said = ""
            try:
                disk.install()
                said = act()
                code = 0 if disk.reached else HELD
            except BaseException:  # noqa: BLE001  # whatever it is, it is the finding
                said = traceback.format_exc()
            _write_all(writer, said.encode())
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    return Run(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def try_all(scenario: Scenario, faults: Callable[[int], Iterator[Fault]]) -> Outcome:
    """Let each call of a scenario fail in turn, with each of the faults for it."""
    left: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        prepared, folder = Path(name) / "prepared", Path(name) / "folder"
        prepared.mkdir()
        scenario.prepare(prepared)
        at, ended = 0, False
        while not ended:
            for number, stays in faults(at):
                shutil.copytree(prepared, folder)
                disk = Disk(at, number, stays=stays, refused=scenario.refused)
                run = run_child(lambda: scenario.act(folder), disk)
                ended = run.code == HELD
                if not ended:
                    what = _left_of(scenario, folder)
                    left[what] += 1
                    if number:
                        seen[run.said.replace(str(folder), "…")] += 1
                    if problem := _problem(run, number, what):
                        fault = errno.errorcode[number] if number else "kill"
                        wrong.append(f"{fault} at call {at}: {problem}")
                shutil.rmtree(folder)
            at += 1
    most = next((text for text, _ in seen.most_common() if text), "")
    return Outcome(left.total(), dict(left), most, wrong)


def _left_of(scenario: Scenario, folder: Path) -> str:
    try:
        return scenario.left(folder)
    except Exception:  # noqa: BLE001  # whatever it is, it is the finding
        return traceback.format_exc()


def _problem(run: Run, number: int, left: str) -> str:
    """Return what is wrong with a run; empty if nothing is."""
    if left not in (OLD, NEW):
        return f"left {left}"
    if not number:
        return "" if run.code == KILLED else f"ended with {run.code}: {run.said}"
    if run.code:
        return f"ended with {run.code}: {run.said}"
    if not run.said and left == OLD:
        return "nothing was said, and nothing saved"
    return "" if run.said.replace("\n", "").isprintable() else f"said {run.said!r}"


def _faults(name: str, *, kills: bool, long: bool) -> Callable[[int], Iterator[Fault]]:
    """Return the faults of a scenario; the short form tries a part of them at each call."""

    def kill(at: int) -> Iterator[Fault]:
        if long or name not in DATABASES or at % 4 == DATABASES.index(name):
            yield 0, False

    def fail(at: int) -> Iterator[Fault]:
        if long:
            yield from ((number, False) for number in ERRORS)
            # An interrupt is answered by another try, so that it cannot stay.
            yield from ((number, True) for number in ERRORS if number != errno.EINTR)
            return
        yield ERRORS[at % len(ERRORS)], False
        if at % 6 == 0:
            yield errno.ENOSPC, True

    return kill if kills else fail


def star_together(folder: Path, seed: int, refused: str = "") -> list[str]:
    """Let ten programs star at once, of which some are killed; return what is wrong."""
    random = Random(seed)
    _prepare_config(folder)
    path = folder / "config.toml"
    ready, go = os.pipe()
    children = {}
    for number in range(10):
        # Eight calls are about what a save takes: some die in the middle, some live.
        disk = Disk(random.choice((random.randrange(12), 10_000)), 0, refused=refused)
        child = os.fork()
        if not child:
            os.close(go)
            os.read(ready, 1)
            try:
                disk.install()
                save_config(path, Star(f"NOR_{number}"), lock_for=60)
                os._exit(0)
            except BaseException:  # noqa: BLE001  # whatever it is, it is the finding
                traceback.print_exc()
                os._exit(1)
        children[child] = f"NOR_{number}"
    os.close(ready)
    os.close(go)
    codes = {
        name: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child, name in children.items()
    }
    stations = load_config(path).watched.stations
    wrong = [
        f"{name} was saved and is lost"
        for name, code in codes.items()
        if not code and name not in stations
    ]
    wrong += [
        f"{name} ended with {code}" for name, code in codes.items() if code not in (0, KILLED)
    ]
    wrong += [f"{each} was there before" for each in "AB" if each not in stations]
    return wrong + ([] if "# home" in path.read_text() else ["the comments are lost"])


def main() -> None:
    """Try the scenarios that are named, with ``--long`` every error at every call.

    Print a line of JSON for each, first for programs that are killed and then for errors. With
    ``--together``, let ten programs save at once; print a line for each of the seeds named.
    """
    logging.disable()
    if sys.argv[1] == "--together":
        for seed in sys.argv[2:]:
            for refused in ("", "replace"):
                with tempfile.TemporaryDirectory() as folder:
                    print(json.dumps(star_together(Path(folder), int(seed), refused)))
        return
    names = [name for name in sys.argv[1:] if name != "--long"]
    long = "--long" in sys.argv
    for name in names:
        scenario = SCENARIOS[name]
        with tempfile.TemporaryDirectory() as folder:
            # What is imported when it is used is imported here, and not in every child.
            scenario.prepare(Path(folder))
            scenario.act(Path(folder))
        for kills in (True, False):
            faults = _faults(name, kills=kills, long=long)
            print(json.dumps(try_all(scenario, faults)._asdict()))


if __name__ == "__main__":
    main()
