"""The built-in demo: a simulated country, served by a hub in a thread with its own event loop.

The app connects to it as to any other server, so the app's event loop never waits for it.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Self

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, Event, Snapshot
from nobil_tui.charging.register import Register
from nobil_tui.feeds.simulation.feed import SimulationFeed
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.hub.api_keys import OneKey, generate_key
from nobil_tui.hub.errors import HubError
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.monitor import Monitor

STOP_WITHIN = 0.08
"""Seconds that ``stop`` waits for the thread, which may end later."""


class DemoServer:
    """Serves a simulated country. Create it with ``start``."""

    def __init__(self, simulation: Simulation, host: str, port: int, clock: Clock) -> None:
        self.register: Register = simulation.register
        """The register of its stations."""
        self.past: list[Event] = []
        """The events before it was served, from the first connection on."""
        self._simulation = simulation
        self._clock = clock
        self._started: Future[str] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None
        self._thread = threading.Thread(
            target=self._run, args=(host, port), name="demo", daemon=True
        )

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
        past: float = 0.0,
    ) -> Self:
        """Build a country and serve it with a generated key. This blocks: call it in a thread.

        It begins in a busy hour, and ``past`` seconds ago: ``self.past`` holds what happened since.
        Raises ``HubError`` if the hub cannot listen, and ``ValueError`` for a simulation out of
        range.
        """
        clock = clock or Clock()
        now = clock.now()
        begun = now - round(past * 1000)
        simulation = Simulation(stations, seed, start=begun, speed=speed, busy=True)
        before: list[Event] = [Connected(begun), Snapshot(simulation.stations, begun)]
        demo = cls(simulation, host, port, clock)
        if past:
            demo.past = [*before, *simulation.advance(now)]
        demo._thread.start()
        demo._started.result()
        # The program must be able to exit even if the server is not stopped.
        atexit.register(demo.stop)
        return demo

    @property
    def url(self) -> str:
        """The URL with the key: a secret."""
        return self._started.result()

    def stop(self) -> None:
        """Stop serving; return within 100 ms. Further calls do nothing."""
        atexit.unregister(self.stop)
        if self._loop is not None and self._serving is not None:
            # The loop is closed if the server has already stopped.
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
            # ``start`` must not wait forever, whatever ended the thread.
            self._started.cancel()

    async def _serve(self, host: str, port: int) -> None:
        self._loop, self._serving = asyncio.get_running_loop(), asyncio.current_task()
        announce = self._started.set_result
        await serve_country(host, port, self._simulation, announce, clock=self._clock)


async def serve_country(
    host: str,
    port: int,
    simulation: Simulation,
    announce: Callable[[str], None],
    *,
    clock: Clock,
) -> None:
    """Serve a simulated country, with a generated key, until cancelled.

    ``announce`` receives the URL with the key once consumers can connect. Raises ``HubError`` if
    the hub cannot listen.
    """
    board = Board()
    hub = Hub(board, keys=OneKey(generate_key()), host=host, port=port, clock=clock)
    monitor = Monitor(SimulationFeed(simulation, clock), board, sinks=[hub], clock=clock)
    await serve_monitor(monitor, hub, announce)


async def serve_monitor(monitor: Monitor, hub: Hub, announce: Callable[[str], None]) -> None:
    """Run ``monitor``, which has ``hub`` as a sink, and serve its board until cancelled.

    ``announce`` is as for ``serve_country``. After the feed has ended, the board is still served.
    Raises ``HubError`` if the hub cannot listen, and the error of the feed or of the hub.
    """
    async with hub:
        announce(hub.url)
        running = asyncio.create_task(monitor.run())
        closed = asyncio.create_task(hub.wait())
        try:
            await asyncio.wait([running, closed], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            await closed
        finally:
            await cancel_and_wait(running, closed)
