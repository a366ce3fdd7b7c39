"""The feed of a relay: the source while this relay leads, else what the leading relay publishes.

So a waiting relay opens no second session with the source, and its board has the state of all
stations when it takes over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from msgspec.structs import replace

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import cancel_and_wait, run_until_first
from nobil_tui.charging.events import Event, Feed, Lost, Refused, Restarted
from nobil_tui.feeds.nats.feed import NatsFeed
from nobil_tui.feeds.wrapped import WrappedFeed
from nobil_tui.hub.nats_lease import Lease

TAKES_OVER = "this relay takes over"
ANOTHER = "another relay may lead"
WITHOUT_NATS = "the source is not read without NATS"


class LeadingFeed(WrappedFeed):
    """Read ``upstream`` while ``lease`` is held, else ``follower``.

    ``source`` is the name of the upstream source: the board of another source is not taken over.
    ``board_ready`` is set while the board has what the relay before this one published.
    """

    def __init__(
        self,
        upstream: Feed,
        follower: NatsFeed,
        lease: Lease,
        board_ready: asyncio.Event,
        source: str,
        clock: Clock,
    ) -> None:
        super().__init__(follower)
        self._upstream = upstream
        self._follower = follower
        self._lease = lease
        self._board_ready = board_ready
        self._source = source
        self._clock = clock

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the events of either feed, until the source ends."""
        while True:
            async with aclosing(self._follow()) as events:
                async for event in events:
                    yield event
            now = self._clock.now()
            if self._follower.source not in ("", self._source):
                yield Restarted(now)
            yield Lost(TAKES_OVER, now, 0)
            self._board_ready.set()
            self._feed = self._upstream
            async with aclosing(_until(self._upstream, self._lease.wait_lapsed)) as events:
                async for event in events:
                    yield event
            if self._lease.leads:
                # The source has ended, such as a recording; its last state stays published.
                await self._lease.wait_lapsed()
            self._board_ready.clear()
            now = self._clock.now()
            yield Lost(ANOTHER, now, 0)

    async def _follow(self) -> AsyncGenerator[Event, None]:
        """Yield what the leading relay publishes, until this one leads and has read all of it."""
        follower, lease = self._follower, self._lease
        self._feed = follower
        while not lease.leads or not follower.settled.is_set():
            # Continue after the lease is held: the last messages may not have been read yet.
            condition = self._settled_or_lapsed if lease.leads else lease.wait_held
            follower.settled.clear()
            async with aclosing(_until(follower, condition)) as events:
                async for event in events:
                    yield _without_nats(event)
            if condition == lease.wait_held:
                follower.settled.clear()

    async def _settled_or_lapsed(self) -> None:
        await run_until_first(self._follower.settled.wait(), self._lease.wait_lapsed())


def _without_nats(event: Event) -> Event:
    """Adapt an event of the follower to a relay: without NATS, its source is not read either, since
    another relay may lead."""
    if isinstance(event, Refused) or (isinstance(event, Lost) and event.retry_at):
        return replace(event, reason=f"{WITHOUT_NATS}: {event.reason}")
    return event


async def _until(
    feed: Feed, condition: Callable[[], Awaitable[None]]
) -> AsyncGenerator[Event, None]:
    """Yield the events of a feed until ``condition`` returns, or the feed ends."""
    async with aclosing(feed.events()) as events:
        stopping: asyncio.Future[Any] = asyncio.ensure_future(condition())
        following: asyncio.Future[Event] | None = None
        try:
            while True:
                following = asyncio.ensure_future(anext(events))
                await asyncio.wait([stopping, following], return_when=asyncio.FIRST_COMPLETED)
                if following.done():
                    try:
                        yield following.result()
                    except StopAsyncIteration:
                        return
                if stopping.done():
                    stopping.result()
                    return
        finally:
            await cancel_and_wait(*(each for each in (stopping, following) if each is not None))
