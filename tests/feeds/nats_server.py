"""A real NATS server on this machine, which can be killed and started again on the same port."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from nobil_tui.feeds.nats.server import NatsServer, parse_server
from tests.feeds.mqtt_broker import find_nats_server
from tests.reserved_port import ReservedPort


class NatsProcess:
    """A NATS server with JetStream, which stores in ``folder``."""

    def __init__(self, folder: Path, config: str = "") -> None:
        self._folder = folder
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._draining: threading.Thread | None = None
        self._port = ReservedPort()

    @property
    def port(self) -> int:
        return self._port.number

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
        self._port.close()

    def start(self) -> None:
        """Start it."""
        program = find_nats_server()
        assert program is not None
        config = self._folder / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{self._folder}", max_file: 1G }}\n{self._config}\n'
        )
        self._process = subprocess.Popen(
            [program, "-c", str(config)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        log = self._process.stderr
        assert log is not None
        said = b""
        for line in log:
            said += line
            if b"Server is ready" in line:
                # A full pipe would stop it.
                self._draining = threading.Thread(target=_drain, args=(log,), daemon=True)
                self._draining.start()
                return
        log.close()
        raise AssertionError(f"nats-server did not start: {said.decode()}")

    def kill(self) -> None:
        """Kill it, like a machine that goes down."""
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            process.wait()
        if self._draining is not None:
            self._draining.join()
            self._draining = None


def _drain(log: IO[bytes]) -> None:
    with log:
        log.read()
