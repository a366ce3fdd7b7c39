"""NOBIL Real-time by Enova, read: one JSON object a text frame, ``{nobilId, evseUId, status}``, whose status is a word.

Source: the operator's documentation of NOBIL Real-time, and what the service was seen to send in March 2026. Both ids
are opaque strings: ``NOR_71098`` and ``NOR_076198`` are two stations, and the same ``evseUId`` occurs under several.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.text import safe_text
from nobil_tui.charging.conditions import BY_WORD
from nobil_tui.charging.station import StationId, WordConnector

MOST_WORD = 40
"""Characters of a status word that are kept."""

# The value's word is the one object that all connectors share: a country of them would else hold a copy each.
_WORDS = {word: (*condition.version_1, word) for word, condition in BY_WORD.items()}
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

Key = Annotated[str, Meta(min_length=1, max_length=128)]


class Report(Struct, frozen=True, gc=False):
    """One connector as a frame has it: its station's id, its key inside the station, and what is said of it."""

    station: str
    key: str
    connector: WordConnector


class _Frame(Struct, gc=False):
    station: StationId = field(name="nobilId")
    key: Key = field(name="evseUId")
    word: str = field(name="status")


_decode = msgspec.json.Decoder(_Frame).decode


def decode(frame: bytes) -> Report:
    """Decode one frame. Raises ``NotReadableError`` for what is none; a word never heard of is kept, and UNKNOWN."""
    try:
        said = _decode(frame)
    except _BROKEN as error:
        raise NotReadableError(safe_text(str(error))) from None
    if not (said.station.isprintable() and said.key.isprintable()):
        raise NotReadableError("an id holds control characters")
    return Report(said.station, said.key, connector_of(said.word))


def connector_of(word: str) -> WordConnector:
    """Tell what a status word says, and what version 1 would have said."""
    known = _WORDS.get(word)
    status, error, kept = known or (-1, 0, safe_text(word, MOST_WORD))
    return WordConnector(status, error, said=kept)
