"""The stream formats: one row each, with its name in recordings and its decoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nobil_tui.charging.events import Event
from nobil_tui.wire import enova, v1
from nobil_tui.wire.recording import FeedName


class Codec(NamedTuple):
    """A format that a stream sends frames in."""

    name: FeedName
    """Its name in recordings."""
    decode: Callable[[bytes, int], Event]
    """Decodes a frame received at a time in ms; never raises."""


V1 = Codec("v1", v1.decode)
ENOVA = Codec("enova", enova.decode)
CODECS: dict[FeedName, Codec] = {codec.name: codec for codec in (V1, ENOVA)}
