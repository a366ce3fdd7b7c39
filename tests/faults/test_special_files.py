"""A pipe, a folder or a device in place of each file gives a sentence, and nothing hangs."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nobil_tui.alerts.state import AlertState
from nobil_tui.base.files import NotSavedError, create_file, replace_file, stamp
from nobil_tui.charging.register import Facts
from nobil_tui.cli.crash import report_crash
from nobil_tui.cli.log_file import log_path, start_logging
from nobil_tui.config.errors import ConfigError
from nobil_tui.config.operations import Star
from nobil_tui.feeds.nats.connection import _check_readable
from nobil_tui.feeds.recording_file import RecordingFile
from nobil_tui.feeds.source import SourceError
from nobil_tui.history.store import HistoryStore, read_station
from nobil_tui.hub.api_keys import KeyFile, KeyFileError, local_key
from nobil_tui.register.cache import CacheError, load_register, save_register
from nobil_tui.store.state_store import StateStore
from nobil_tui.store.view_file import StoredView, load_view, save_view
from tests.config.saving import save_config
from tests.conftest import GUARD
from tests.faults.table import RecordFault

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


KINDS: tuple[Callable[[Path], None], ...] = (pipe, folder, device)
WORDS = r"not a regular file|not an ordinary file|(is )?a (directory|folder)|holds no key"


def _state(path: Path) -> str:
    store = StateStore.open(path)
    said = store.notice
    store.load()
    store.close()
    return said or ""


def _alerts(path: Path) -> str:
    state = AlertState(path)
    state.load([], 0)
    state.close()
    return state.notice


def _history(path: Path) -> str:
    store = HistoryStore.open(path)
    said = [store.notice]
    store.close()
    read_station(path, "NOR_1", 0, said.append)
    return " ".join(said)


def _raised(*errors: type[Exception]) -> Callable[[Callable[[], object]], str]:
    def said(act: Callable[[], object]) -> str:
        try:
            act()
        except errors as error:
            return str(error)
        return "nothing"

    return said


FILES: dict[str, Callable[[Path], str]] = {
    "state": _state,
    "alerts": _alerts,
    "history": _history,
    "register, read": lambda path: _raised(CacheError)(lambda: load_register(path)),
    "register, written": lambda path: _raised(CacheError)(
        lambda: save_register(path, {"NOR_1": Facts()}, {})
    ),
    "config": lambda path: _raised(ConfigError, NotSavedError)(
        lambda: save_config(path, Star("NOR_1"))
    ),
    "keys of clients": lambda path: _raised(KeyFileError)(lambda: KeyFile(path).read()),
    "key of this machine": lambda path: _raised(KeyFileError)(lambda: local_key(path)),
    "recording": lambda path: _raised(SourceError)(lambda: RecordingFile.open(path)),
    "credentials": lambda path: _raised(OSError)(lambda: _check_readable(str(path))),
    "export": lambda path: _raised(OSError)(lambda: replace_file(path, b"x", stamp(path))),
}
"""What is opened, and returns what the user reads."""


def within_time(act: Callable[[], str]) -> str:
    """Return what ``act`` returns. A call that hangs in the system cannot be interrupted."""
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(act()), daemon=True)
    thread.start()
    thread.join(GUARD)
    assert not thread.is_alive(), "it hangs"
    [text] = said
    return text


def test_each_file_may_be_something_else(tmp_path: Path, record_fault: RecordFault) -> None:
    for make in KINDS:
        for number, (name, act) in enumerate(FILES.items()):
            path = tmp_path / f"{make.__name__}-{number}.jsonl"
            make(path)
            said = within_time(lambda act=act, path=path: act(path))  # type: ignore[misc]  # bound now
            assert re.search(WORDS, said), (name, make.__name__, said)
            # It is still what it was.
            assert not path.is_file(), (name, make.__name__)
    record_fault("a pipe, folder or device for a file", len(KINDS) * len(FILES), said, "no state")


def test_the_view_and_the_log_are_left_out(tmp_path: Path) -> None:
    for make in KINDS:
        view, log = tmp_path / f"{make.__name__}.json", tmp_path / f"{make.__name__}.log"
        make(view)
        make(log)
        said = list[str]()

        def use(view: Path = view, log: Path = log, said: list[str] = said) -> str:
            save_view(view, StoredView("oslo"))
            start_logging(log, "WARNING", ())
            said.append(report_crash(RuntimeError("on purpose")))
            return load_view(view).filter

        assert within_time(use) == ""
        assert not view.is_file()
        # The log that holds the crash is a temporary one then.
        found = re.fullmatch(r".*The log has the details: (.+)", said[0])
        assert found is not None, said
        assert Path(found[1]) != log
        assert "on purpose" in Path(found[1]).read_text()
        Path(found[1]).unlink()
    start_logging(None, "WARNING", ())
    assert log_path() is None


def test_links_of_every_file_are_kept(tmp_path: Path) -> None:
    """As those of programs that manage settings: the file that is named is written."""
    real, link = tmp_path / "real", tmp_path / "link"
    link.symlink_to(real)
    create_file(link, b"old")
    assert real.read_bytes() == b"old"
    with pytest.raises(FileExistsError):
        create_file(link, b"new")
    assert replace_file(link, b"new", stamp(link))
    save_register(link, {"NOR_1": Facts(name="x")}, {})
    save_view(link, StoredView("oslo"))
    assert load_view(real).filter == "oslo"
    real.unlink()
    KeyFile(link).add("one", "2026-01-01")
    KeyFile(link).add("two", "2026-01-01")
    assert len(KeyFile(real).read()) == 2
    assert link.is_symlink()
