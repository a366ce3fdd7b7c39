"""The servers of the benchmarks: processes under load, and one that never answers."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.programs import ROOT

PATH = "/api/v1/stream?apikey=benchmark"


class LoadServer:
    """A load server with ``stations`` stations, in its own process."""

    def __init__(self, stations: int) -> None:
        self._process = subprocess.Popen(  # our own program
            [sys.executable, "-m", "tests.benchmarks.server", str(stations)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            cwd=ROOT,
        )
        self.url = f"ws://127.0.0.1:{self.answer()['port']}{PATH}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def begin(self, do: str, **more: object) -> None:
        """Send a command; ``answer`` returns its result later."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for a result and return it."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load server has ended")
        said: dict[str, Any] = json.loads(line)
        return said

    def poll(self) -> dict[str, Any] | None:
        """Return a result if it is available."""
        assert self._process.stdout is not None
        return self.answer() if select.select([self._process.stdout], [], [], 0)[0] else None

    def ask(self, do: str, **more: object) -> dict[str, Any]:
        """Send a command and wait for its result."""
        self.begin(do, **more)
        return self.answer()


@contextmanager
def silent_server() -> Iterator[str]:
    """Listen and never answer, so that the link stays CONNECTING; yield the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}{PATH}"


@contextmanager
def finland_service(locations: int, evses: int) -> Iterator[Path]:
    """Run Finland's service in its own process; yield a config file that names its addresses."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(  # our own program
            [sys.executable, "-m", "tests.benchmarks.finland_server", str(locations), str(evses)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as process,
    ):
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        config = Path(folder) / "config.toml"
        config.write_text(
            "".join(
                [
                    "[finland]\n",
                    *(f"{name} = {json.dumps(url)}\n" for name, url in addresses.items()),
                ]
            )
        )
        yield config
