"""What a user's text names: one of the sources that have a name, an address, or a file."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

from nobil_tui.base.redaction import KEY_PLACEHOLDER
from nobil_tui.base.text import did_you_mean, quoted
from nobil_tui.feeds.source import SourceError
from nobil_tui.sources.address import MAX_ADDRESS, Address, is_address, parse_address

V1_ADDRESS = f"ws://realtime.chargelizer.com/api/v1/stream/realtime?key={KEY_PLACEHOLDER}"
"""Where version 1 was first served."""
RECORDING_SUFFIXES = (".jsonl", ".jsonl.gz")
"""How the name of a recording ends; another file is one if it is there."""

_WORD = re.compile(r"[\w./~-]{1,24}")
"""What can be no key, and so can be shown."""


class Kind(Enum):
    """What a text names."""

    DEMO = "demo"
    V1 = "v1"
    ENOVA = "enova"
    RECORDING = "recording"


SOURCE_NAMES = {kind.value: kind for kind in (Kind.DEMO, Kind.V1, Kind.ENOVA)}
"""The sources that have a name."""


def kind_of(text: str) -> Kind:
    """Tell what a text names; an empty one is the simulation. Raises ``SourceError`` for one that names nothing."""
    if len(text) > MAX_ADDRESS:
        raise SourceError(f"The source has {len(text):,} characters; expected at most {MAX_ADDRESS:,}.")
    if not text.isprintable():
        raise SourceError("The source has a control character or the like in it; expected printable text.")
    if not text:
        return Kind.DEMO
    if text.casefold() in SOURCE_NAMES:
        return SOURCE_NAMES[text.casefold()]
    if is_address(text):
        return Kind.V1
    path = path_of(text)
    try:
        if path.is_dir():
            raise SourceError("The source is a folder; expected the file of a recording.")
        if path.exists() or path.name.endswith(RECORDING_SUFFIXES):
            return Kind.RECORDING
    except OSError:
        # A name that no file can have is none.
        pass
    raise SourceError(_not_a_source(text))


def may_be_source(text: str) -> bool:
    """Whether a text names something, or means to."""
    try:
        kind_of(text)
    except SourceError:
        return is_address(text)
    return True


def path_of(text: str) -> Path:
    """Return the path that a text means, as a shell would."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        # There is no such user.
        return Path(text)


def address_of(text: str) -> Address | None:
    """Return the address of version 1 that a text names; None for another kind of source. Raises ``SourceError``."""
    text = text.strip()
    if kind_of(text) is not Kind.V1:
        return None
    return parse_address(text if is_address(text) else V1_ADDRESS)


def without_key(text: str) -> str:
    """Return a text that names a source, with the place for the key wherever one is written into it."""
    address = address_of(text)
    return text.strip() if address is None or not address.contains_key else address.without_key


def _not_a_source(text: str) -> str:
    words = f"{quoted(text)} is no source." if _WORD.fullmatch(text) else "This is no source."
    expected = "Expected demo, v1, enova, a ws:// or wss:// address, or the file of a recording."
    return f"{words}{did_you_mean(text, SOURCE_NAMES)} {expected}"
