"""Start Python programs fast: fork them from a process that has done the imports already.

Nearly all of what the start of a command or of the app takes is imports. Here one process, the
nursery, does them once and forks a child for each start. The child is a process of its own: its
signals, streams, terminal, folder, environment and exit code are real. Use ``subprocess`` where the
start of the interpreter is the point: what is imported, the locale, the list of processes. Of the
variables that the interpreter reads, only ``PYTHONIOENCODING`` counts.
"""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import functools
import gc
import importlib
import inspect
import json
import os
import pkgutil
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import termios
import threading
import types
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from tests.slow_threads import VARIABLE, Lateness, make_late

ROOT = Path(__file__).parents[1]
_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
_BLOCK = 1 << 16


class Forked(subprocess.Popen[Any]):
    """Like ``subprocess.Popen``, for ``[sys.executable, ..., "-m", module, ...]`` or ``"-c"``.

    Of the options of the interpreter, ``-W error`` and ``-X dev`` are known. ``app`` imports the
    app before. With ``terminal``, the standard input becomes the controlling terminal of a session
    of its own.
    """

    def __init__(
        self, command: Any, *, app: bool = False, terminal: bool = False, **options: Any
    ) -> None:
        self._app = app
        self._terminal = terminal
        self._end = -1
        super().__init__(command, **options)

    def _execute_child(self, *args: Any, **more: Any) -> None:
        signature = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]
        given = signature.bind(self, *args, **more).arguments
        names = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        pipes = [given[name] for name in names]
        streams = [pipes[0], pipes[3], pipes[5]]
        start = Start(
            [os.fspath(each) for each in given["args"][1:]],
            os.fspath(given["cwd"] or Path.cwd()),
            dict(os.environ if given["env"] is None else given["env"]),
            self._app,
            given["start_new_session"] or self._terminal,
            self._terminal,
            os.environ.get(VARIABLE, ""),
        )
        self._end, end = os.pipe()
        try:
            inherited = [own if own >= 0 else number for number, own in enumerate(streams)]
            nursery().send(start, [*inherited, end])
            os.close(end)
            self.pid = int(_read_line(self._end))
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None:
            self._try_wait(os.WNOHANG)
        return self.returncode

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if self._end >= 0:
            patience = 0 if wait_flags & os.WNOHANG else None
            if not select.select([self._end], [], [], patience)[0]:
                return 0, 0
            self._status = int(_read_line(self._end) or signal.SIGKILL)
            os.close(self._end)
            self._end = -1
            self._handle_exitstatus(self._status)  # type: ignore[attr-defined]
        return self.pid, self._status


def run_forked(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Do what ``subprocess.run`` does for a command that ends by itself, with text."""
    timeout = options.pop("timeout", None)
    with Forked(command, text=True, **options) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


class Start(NamedTuple):
    """What is to be started."""

    arguments: list[str]
    """Those of the interpreter."""
    folder: str
    environ: dict[str, str]
    app: bool
    """Whether the app is imported before."""
    session: bool
    """Whether it gets a session of its own."""
    terminal: bool
    """Whether its standard input becomes the terminal that controls it."""
    slow: str
    """The seed of ``--slow-threads``; empty without it."""


class _Nursery:
    """The process that starts others, as the tests see it."""

    def __init__(self) -> None:
        self._ours, its = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking", str(its.fileno())],
            cwd=ROOT,
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        its.close()

    def send(self, start: Start, files: list[int]) -> None:
        """Start a program with its streams, and the pipe for its process id and its end."""
        data = json.dumps(start).encode()
        socket.send_fds(self._ours, [len(data).to_bytes(4, "big")], files)
        self._ours.sendall(data)


@functools.cache
def nursery() -> _Nursery:
    """Return the nursery of this process, which ends with it."""
    return _Nursery()


def _read_line(pipe: int) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(pipe, 1)):
        line += byte
    return line


# In the nursery


def _serve(connection: socket.socket) -> Start | None:
    """Fork a child for each start; return in that child, or at the end of the tests with None."""
    while True:
        head, files, _, _ = socket.recv_fds(connection, 4, 8)
        if not head:
            return None
        size = int.from_bytes(head, "big")
        start = Start(*json.loads(connection.recv(size, socket.MSG_WAITALL)))
        _import_modules("app" if start.app else "commands")
        if not os.fork():
            connection.close()
            if _watch(files):
                return start
        for each in files:
            os.close(each)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


@functools.cache
def _import_modules(kind: str) -> None:
    """Import what a program may import while it runs."""
    from nobil_tui.store import single_writer

    for name in _modules(kind):
        # Some need another system.
        with suppress(ImportError):
            importlib.import_module(name)
    # Seconds at the end that a busy machine does not use up: what is not saved by then is lost.
    single_writer.WRITER_CLOSE_TIMEOUT = 60.0
    gc.collect()
    gc.freeze()


def _modules(kind: str) -> Iterator[str]:
    import nobil_tui

    yield from ("aiohttp", "websockets.asyncio.client", "websockets.asyncio.server", "ssl")
    for each in pkgutil.walk_packages(nobil_tui.__path__, "nobil_tui."):
        of_app = each.name.startswith("nobil_tui.tui")
        if not each.name.endswith("__main__") and (kind == "app" or not of_app):
            yield each.name


def _watch(files: list[int]) -> bool:
    """Fork the program: return True in it, with its streams in place.

    The process that is left reports its end and ends itself.
    """
    _die_with_parent()
    *streams, end = files
    program = os.fork()
    if program:
        os.write(end, b"%d\n" % program)
        for each in streams:
            os.close(each)
        os.write(end, b"%d\n" % os.waitpid(program, 0)[1])
        os._exit(0)
    _die_with_parent()
    for number, each in enumerate(streams):
        os.dup2(each, number)
    for each in files:
        os.close(each)
    return True


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _become(start: Start) -> None:
    """Make this process what the interpreter makes of itself at its start."""
    if start.session:
        os.setsid()
    if start.terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.environ.clear()
    os.environ.update(start.environ)
    os.chdir(start.folder)
    random.seed()
    if start.slow:
        make_late(setattr, Lateness(start.slow, " ".join(start.arguments)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    encoding, _, errors = start.environ.get("PYTHONIOENCODING", "").partition(":")
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        stream = open(  # noqa: SIM115  # open to the end, as those of the interpreter
            number,
            "w" if number else "r",
            1 if number == 2 or os.isatty(number) else -1,
            encoding=encoding or "utf-8",
            errors="backslashreplace" if number == 2 else errors or "strict",
            closefd=False,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _run(arguments: list[str]) -> None:
    """Do what the interpreter does with its arguments."""
    rest = iter(arguments)
    for option in rest:
        match option, next(rest):
            case "-W", "error":
                warnings.simplefilter("error")
            case "-X", "dev":
                # What of it is not of the interpreter.
                os.environ["PYTHONASYNCIODEBUG"] = "1"
            case "-m", module:
                sys.argv = ["", *rest]
                runpy.run_module(module, run_name="__main__", alter_sys=True)
            case "-c", code:
                sys.argv = ["-c", *rest]
                sys.modules["__main__"] = main = types.ModuleType("__main__")
                exec(code, vars(main))
            case unknown:
                raise ValueError(f"not an option of these tests: {unknown}")


def _end(code: object) -> NoReturn:
    """Do what the interpreter does at its end, but do not tear down what the nursery imported."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    # What was not closed makes a warning.
    gc.collect()
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    try:
        sys.stdout.flush()
    except OSError as error:
        print(f"Exception ignored while flushing sys.stdout: {error!r}", file=sys.stderr)
        code = 120
    with suppress(OSError):
        sys.stderr.flush()
    os._exit((code or 0) & 0xFF)


def _main() -> None:
    start = _serve(socket.socket(fileno=int(sys.argv[1])))
    if start is None:
        return
    code: object = 0
    try:
        _become(start)
        _run(start.arguments)
    except SystemExit as error:
        code = error.code
    except BaseException:  # noqa: BLE001  # the interpreter takes them all
        sys.excepthook(*sys.exc_info())
        code = 1
    _end(code)


if __name__ == "__main__":
    _main()
