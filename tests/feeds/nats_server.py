"""A real NATS server on this machine, which can be killed and started again on the same port."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from nobil_tui.feeds.nats.server import NatsServer, parse_server
from tests.feeds.mqtt_broker import find_nats_server

_LISTENS = re.compile(rb"Listening for client connections on 127\.0\.0\.1:(\d+)")


class NatsProcess:
    """A NATS server with JetStream, which stores in ``folder``."""

    def __init__(self, folder: Path, config: str = "") -> None:
        self._folder = folder
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def server(self) -> NatsServer:
        return parse_server(self.url, {})

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, on the port that it had before."""
        program = find_nats_server()
        assert program is not None
        config = self._folder / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{self.port or -1}"\n'
            f'jetstream {{ store_dir: "{self._folder}", max_file: 1G }}\n{self._config}\n'
        )
        self._process = subprocess.Popen(
            [program, "-c", str(config)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := _LISTENS.search(line):
                self.port = int(found[1])
            if b"Server is ready" in line:
                return
        raise AssertionError("nats-server did not start")

    def kill(self) -> None:
        """Kill it, like a machine that goes down."""
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()
