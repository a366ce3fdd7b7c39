"""Serve a simulated country: ``nobil-tui serve``, and the built-in demo."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nobil_tui.base.clock import Clock
from nobil_tui.charging.board import Board
from nobil_tui.feeds.simulation.feed import SimulationFeed
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.hub.api_keys import OneKey, generate_key
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.monitor import Monitor


async def serve_country(
    host: str,
    port: int,
    simulation: Simulation,
    announce: Callable[[str], None],
    *,
    key: str | None = None,
    clock: Clock,
) -> None:
    """Serve a simulated country until cancelled.

    ``announce`` receives the URL with its key once consumers can connect. Without a ``key``, one is
    generated. Raises ``HubError`` if the hub cannot listen.
    """
    board = Board()
    hub = Hub(board, keys=OneKey(key or generate_key()), host=host, port=port, clock=clock)
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
            for task in (running, closed):
                task.cancel()
            await asyncio.gather(running, closed, return_exceptions=True)
