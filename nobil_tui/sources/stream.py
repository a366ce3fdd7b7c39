"""Open the feed of a source that is reached over a WebSocket."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from nobil_tui.feeds.source import OpenSource

if TYPE_CHECKING:
    from nobil_tui.charging.register import Register
    from nobil_tui.sources.request import SourceRequest


def open_stream(
    request: SourceRequest,
    dial: Callable[[], Awaitable[str]],
    *,
    expires: bool = False,
    register: Register | None = None,
) -> OpenSource:
    """Create the feed of a stream. The connection is made when it is read.

    ``dial`` and ``expires`` as for ``Link``.
    """
    # Imported here, in a thread and after the first paint: it would block the event loop.
    from nobil_tui.feeds.stream import StreamFeed
    from nobil_tui.feeds.transport.link import Link
    from nobil_tui.wire.codecs import CODECS

    importlib.import_module("nobil_tui.feeds.transport.websockets_internals")
    options = request.options
    link = Link(
        dial,
        clock=options.clock,
        tap=options.tap,
        add_secret=options.add_secret,
        key=request.key,
        expires=expires,
    )
    codec = CODECS[request.codec]
    return OpenSource(
        StreamFeed(link, codec),
        register,
        codec=codec.name,
        sends_snapshot=codec.sends_snapshot,
    )
