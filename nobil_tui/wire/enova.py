"""Decode NOBIL Real-time by Enova: one JSON object per text frame, ``{nobilId, evseUId, status}``.

The status is a word. There is no snapshot, no timestamp and no replay. Source: the operator's
documentation of NOBIL Real-time, and the frames of the service in March 2026. Both ids are opaque
strings: ``NOR_71098`` and ``NOR_076198`` are two stations, and the same ``evseUId`` occurs under
several stations.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.base.text import safe_text
from nobil_tui.charging.events import MAX_SAMPLE, ConnectorReport, Ignored, Unreadable
from nobil_tui.charging.station import StationId
from nobil_tui.wire.status_words import connector_from

EvseUid = Annotated[str, Meta(min_length=1, max_length=128)]


class _Frame(Struct, gc=False):
    station: StationId = field(name="nobilId")
    evse_uid: EvseUid = field(name="evseUId")
    word: str = field(name="status")


_decode = msgspec.json.Decoder(_Frame).decode


def decode(data: bytes, at: int) -> ConnectorReport | Ignored | Unreadable:
    """Decode a frame received at ``at`` (ms). Never raises; an empty frame is ignored.

    An undocumented word is kept, and its condition is UNKNOWN.
    """
    if not data:
        return Ignored("", at)
    try:
        frame = _decode(data)
    except DECODE_ERRORS as error:
        return Unreadable(safe_text(str(error)), at, data[:MAX_SAMPLE])
    if not (frame.station.isprintable() and frame.evse_uid.isprintable()):
        return Unreadable("an id holds control characters", at, data[:MAX_SAMPLE])
    return ConnectorReport(frame.station, frame.evse_uid, connector_from(frame.word), at)
