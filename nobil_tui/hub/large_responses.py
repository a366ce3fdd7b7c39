"""Large responses of the hub over HTTP: made in a thread, compressed once, and cached."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_in_thread

MAX_LISTS = 32
"""The most large responses that are cached."""
MAX_LIST_BYTES = 64 * 1024 * 1024
"""The most bytes of them; a larger one is cached alone."""
GZIP_FROM = 1024
"""Bytes from which a response is compressed."""
_GZIP_LEVEL = 5


class Body(NamedTuple):
    """A large response, compressed once."""

    content: bytes
    compressed: bytes
    tag: str
    """Its ``ETag``: a hash of it, so that it outlasts the hub."""
    source: Hashable
    """The version of the data that it was made from."""
    made_at: float


class LargeResponses:
    """Caches the latest responses by name. ``clock`` gives their age."""

    def __init__(self, clock: Clock) -> None:
        self.making = asyncio.Lock()
        """One large response is made at a time."""
        self._clock = clock
        self._bodies: OrderedDict[str, Body] = OrderedDict()

    async def get(
        self, name: str, source: Hashable, seconds: float, make: Callable[[], bytes]
    ) -> Body:
        """Return a large response; it is made in a thread unless the one that is kept is as new as
        ``source``, or younger than ``seconds``."""
        async with self.making:
            kept = self._bodies.get(name)
            if kept is not None and (
                kept.source == source or self._clock.monotonic() - kept.made_at < seconds
            ):
                self._bodies.move_to_end(name)
                return kept
            body = await run_in_thread(lambda: _made(make(), source, self._clock.monotonic()))
            self._bodies[name] = body
            while len(self._bodies) > MAX_LISTS or (
                len(self._bodies) > 1 and sum(map(_size, self._bodies.values())) > MAX_LIST_BYTES
            ):
                self._bodies.popitem(last=False)
            return body


def _size(body: Body) -> int:
    return len(body.content) + len(body.compressed)


def _made(content: bytes, source: Hashable, at: float) -> Body:
    import gzip

    small = len(content) < GZIP_FROM
    compressed = b"" if small else gzip.compress(content, _GZIP_LEVEL, mtime=0)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Body(content, compressed, tag, source, at)
