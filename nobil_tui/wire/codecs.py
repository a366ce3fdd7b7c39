"""The stream formats: one row each, with its name in recordings and its decoder."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from nobil_tui.charging.events import Event
from nobil_tui.charging.register import CREDIT
from nobil_tui.wire import enova, v1
from nobil_tui.wire.finland import FINLAND_CREDIT
from nobil_tui.wire.finland_merge import RecordedDecoder

Decode = Callable[[bytes, int], Event]
"""Decodes a frame received at a time in ms; never raises."""


class Codec(Struct, frozen=True):
    """A format that a stream sends frames in."""

    name: str
    """Its name in recordings and in the catalogue of sources."""
    decoder: Callable[[], Decode]
    """Returns the decoder of one stream or recording, to be called with its frames in order."""
    sends_snapshot: bool = False
    """Whether a stream begins with the state of every station."""
    credit: str = CREDIT
    """The credit to show with its data."""


V1_CODEC = Codec("v1", lambda: v1.decode, sends_snapshot=True)
ENOVA_CODEC = Codec("enova", lambda: enova.decode)
FINLAND_CODEC = Codec("finland", RecordedDecoder, sends_snapshot=True, credit=FINLAND_CREDIT)
CODECS: dict[str, Codec] = {codec.name: codec for codec in (V1_CODEC, ENOVA_CODEC, FINLAND_CODEC)}
"""Every format that can be decoded, by name."""
