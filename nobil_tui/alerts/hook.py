"""The hook: a program of the user that runs when an alert fires."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import tzinfo

from nobil_tui.alerts.due import MAX_WAITING_RUNS, DueRun, DueRuns
from nobil_tui.alerts.firing import dated
from nobil_tui.base.redaction import without_secrets
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.base.text import safe_text

HOOK_TIME_LIMIT = 30.0
"""Seconds that the program may run before it is killed."""
GRACE = 1.0
"""Seconds that a run may still take when the program quits."""
MAX_ERROR = 2000
"""How many bytes of the program's standard error are kept."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")

logger = logging.getLogger(__name__)


def expand_command(command: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Replace placeholders such as ``{name}`` in each argument.

    A value cannot add placeholders, control characters, arguments or options: if an argument would
    begin with a "-" of a value, a space is put before it.
    """

    def value_of(match: re.Match[str]) -> str:
        value = values.get(match[1])
        return match[0] if value is None else safe_text(value, 500)

    expanded = []
    for argument in command:
        text = _PLACEHOLDER.sub(value_of, argument)
        expanded.append(
            f" {text}" if text.startswith("-") and not argument.startswith("-") else text
        )
    return tuple(expanded)


class Hook:
    """Runs the user's program for each due run, one at a time.

    ``command`` returns the program and its arguments; without one, nothing is run. ``on_failure``
    gets the first failure as text; it is called again only after a success. ``now`` returns the
    time of this machine, in ms.
    """

    def __init__(
        self,
        command: Callable[[], Sequence[str]],
        on_failure: Callable[[str], None],
        environ: Mapping[str, str],
        now: Callable[[], int],
        *,
        zone: tzinfo | None = None,
        time_limit: float = HOOK_TIME_LIMIT,
        grace: float = GRACE,
    ) -> None:
        self._command = command
        self._on_failure = on_failure
        self._environ = without_secrets(environ)
        self._now = now
        self._zone = zone
        self._time_limit = time_limit
        self._grace = grace
        self._queues: deque[DueRuns] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._failed = False

    def drain(self, runs: DueRuns) -> None:
        """Start to carry out due runs. Never waits."""
        if self._closing:
            return
        if runs not in self._queues:
            self._queues.append(runs)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run_due())

    async def join(self) -> None:
        """Wait until every run is over."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Begin no further run, and kill the one that still runs after ``grace`` seconds.

        Runs that are not over stay due.
        """
        self._closing = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=self._grace)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run_due(self) -> None:
        while self._queues and not self._closing and (command := self._command()):
            # Remove it first: a run that becomes due meanwhile adds it again.
            runs = self._queues.popleft()
            due = await run_in_thread(lambda runs=runs: runs.take(self._now()))  # type: ignore[misc]  # no lambda default is inferred
            if due is not None:
                self._queues.appendleft(runs)
                await self._complete(runs, due, command)
            if runs.dropped:
                runs.dropped = 0
                self._fail(
                    command, f"{MAX_WAITING_RUNS} runs are waiting already; others were dropped"
                )

    async def _complete(self, runs: DueRuns, due: DueRun, command: Sequence[str]) -> None:
        argv = expand_command(command, dated(due.values, due.at, self._now(), self._zone))
        try:
            problem = await self._run(argv, due.line)
        except asyncio.CancelledError:
            runs.interrupted(due)
            raise
        await run_in_thread(lambda: runs.done(due))
        if problem:
            self._fail(argv, problem)
        else:
            self._failed = False

    async def _run(self, argv: Sequence[str], line: bytes) -> str:
        """Run the program once; return what went wrong, or an empty string."""
        try:
            transport, ending = await asyncio.get_running_loop().subprocess_exec(
                _Ending,
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=self._environ,
                # In its own session: signals of our terminal do not reach it, and it can be killed
                # with its children.
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return getattr(error, "strerror", None) or "it cannot be started"
        try:
            _feed(transport, line)
            async with asyncio.timeout(self._time_limit):
                await ending.exited.wait()
            code = transport.get_returncode()
            if code:
                with suppress(TimeoutError):
                    async with asyncio.timeout(GRACE):
                        await ending.said_all.wait()
        except TimeoutError:
            return f"it was killed after {self._time_limit:g} s"
        finally:
            await _kill(transport, ending)
            transport.close()
        if code == 0:
            return ""
        words = safe_text(ending.said.decode(errors="replace").strip().partition("\n")[0])
        return f"it ended with exit code {code}" + (f": {words}" if words else "")

    def _fail(self, argv: Sequence[str], problem: str) -> None:
        logger.warning("hook %s failed: %s", argv[0], problem)
        if not self._failed:
            self._failed = True
            self._on_failure(f"The alert command {safe_text(argv[0])} failed: {problem}.")


class _Ending(asyncio.SubprocessProtocol):
    """Notes how the program ends, and keeps the beginning of its standard error.

    A ``Process`` would not end before every background process of the program, since these keep its
    pipes open.
    """

    def __init__(self) -> None:
        self.said = b""
        self.said_all = asyncio.Event()
        """Set at the end of standard error."""
        self.exited = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        if isinstance(data, bytes):
            self.said = (self.said + data)[:MAX_ERROR]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 2:
            self.said_all.set()

    def process_exited(self) -> None:
        self.exited.set()


def _feed(transport: asyncio.SubprocessTransport, line: bytes) -> None:
    """Write the line; a program need not read it."""
    stdin = transport.get_pipe_transport(0)
    if isinstance(stdin, asyncio.WriteTransport):
        stdin.write(line)
        # Buffered data is written first.
        stdin.close()


async def _kill(transport: asyncio.SubprocessTransport, ending: _Ending) -> None:
    """Kill the program and its children, if it still runs."""
    if transport.get_returncode() is None:
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(transport.get_pid(), signal.SIGKILL)
            else:
                transport.kill()
        await ending.exited.wait()
