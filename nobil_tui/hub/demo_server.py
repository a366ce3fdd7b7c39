"""The built-in demo: the simulation behind a hub of its own, in a thread with a loop of its own.

The app connects to it as to any other server, and its loop never waits for it.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Self

from nobil_tui.base.clock import Clock
from nobil_tui.charging.register import Register
from nobil_tui.feeds.simulation.feed import SimulationFeed
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.hub.api_keys import generate_key
from nobil_tui.hub.errors import HubError
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.monitor import Monitor

STOP_WITHIN = 0.08
"""Seconds that ``stop`` waits for the thread, which ends by itself all the same."""


class Demo:
    """A simulated country that is being served. Make one with ``start``."""

    def __init__(self, simulation: Simulation, host: str, port: int, clock: Clock) -> None:
        self.register: Register = simulation.register
        """What is known of its stations beside their status."""
        self._simulation = simulation
        self._clock = clock
        self._started: Future[str] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, args=(host, port), name="demo", daemon=True)

    @classmethod
    def start(
        cls,
        stations: int,
        seed: int,
        speed: float,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
    ) -> Self:
        """Build a country and serve it with a key of its own. It takes its time, so call it in a thread.

        Raises ``HubError`` where it cannot listen, and ``ValueError`` for a simulation out of range.
        """
        clock = clock or Clock()
        demo = cls(Simulation(stations, seed, start=clock.now(), speed=speed), host, port, clock)
        demo._thread.start()
        demo._started.result()
        # Who forgets to stop it must be able to quit in peace.
        atexit.register(demo.stop)
        return demo

    @property
    def url(self) -> str:
        """Where to connect, with the key: a secret."""
        return self._started.result()

    def stop(self) -> None:
        """Stop serving; returns within 100 ms. Also for one that is stopped."""
        atexit.unregister(self.stop)
        if self._loop is not None and self._serving is not None:
            # It is an error to ask a closed loop, which has stopped.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join(STOP_WITHIN)

    def _run(self, host: str, port: int) -> None:
        try:
            asyncio.run(self._serve(host, port))
        except asyncio.CancelledError:
            return
        except HubError as error:
            self._started.set_exception(error)
        finally:
            # Whatever else ended it, nobody waits for ever.
            self._started.cancel()

    async def _serve(self, host: str, port: int) -> None:
        self._loop, self._serving = asyncio.get_running_loop(), asyncio.current_task()
        monitor = Monitor(SimulationFeed(self._simulation, self._clock), clock=self._clock)
        async with Hub(monitor, key=generate_key(), host=host, port=port) as hub:
            self._started.set_result(hub.url)
            await hub.wait()
