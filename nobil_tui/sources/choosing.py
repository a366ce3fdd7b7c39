"""Makes a source of what a user wrote: the name of one, an address, or a file.

Which key goes where is decided here and nowhere else: a key belongs to its source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from nobil_tui.config.errors import did_you_mean, quoted
from nobil_tui.config.model import Config, Secret
from nobil_tui.config.rules import LONGEST_KEY
from nobil_tui.feeds.clock import Clock
from nobil_tui.feeds.link import Tap
from nobil_tui.feeds.source import Source, SourceError
from nobil_tui.sources.address import LONGEST, PLACE, Address, is_address, parse

V1_ADDRESS = f"ws://realtime.chargelizer.com/api/v1/stream/realtime?key={PLACE}"
"""Where version 1 was first served."""
VARIABLE = "NOBIL_API_KEY"
"""The variable of the environment that holds the key; it goes before the config."""
RECORDINGS = (".jsonl", ".jsonl.gz")
"""How the name of a recording ends; another file is one if it is there."""

_WORD = re.compile(r"[\w./~-]{1,24}")
"""What can be no key, and so can be shown."""


class Kind(Enum):
    """What a text names."""

    DEMO = "demo"
    V1 = "v1"
    ENOVA = "enova"
    RECORDING = "recording"


NAMES = {kind.value: kind for kind in (Kind.DEMO, Kind.V1, Kind.ENOVA)}
"""The sources that have a name."""


def kind_of(text: str) -> Kind:
    """Tell what a text names; an empty one is the simulation. Raises ``SourceError`` for one that names nothing."""
    if len(text) > LONGEST:
        raise SourceError(f"The source has {len(text):,} characters; expected at most {LONGEST:,}.")
    if not text.isprintable():
        raise SourceError("The source has a control character or the like in it; expected printable text.")
    if not text:
        return Kind.DEMO
    if text.casefold() in NAMES:
        return NAMES[text.casefold()]
    if is_address(text):
        return Kind.V1
    path = file_of(text)
    try:
        if path.is_dir():
            raise SourceError("The source is a folder; expected the file of a recording.")
        if path.exists() or path.name.endswith(RECORDINGS):
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


def file_of(text: str) -> Path:
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
    return parse(text if is_address(text) else V1_ADDRESS)


def without_key(text: str) -> str:
    """Return a text that names a source, with the place for the key wherever one is written into it."""
    address = address_of(text)
    return text.strip() if address is None or not address.holds_key else address.without_key


def cautions(source: Source) -> list[str]:
    """Tell what a user should know of a source that is chosen: a sentence or two each."""
    if source.simulated:
        return []
    from nobil_tui.sources.v1 import V1Source

    return source.cautions if isinstance(source, V1Source) else []


class Chooser:
    """Makes sources, for one config and one environment."""

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        *,
        stations: int = 400,
        seed: int = 0,
        speed: float | None = None,
        tap: Tap | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``speed`` is that of the simulation or a recording; None for 1. ``tap`` sees the frames of a link."""
        self._config = config
        self._environ = environ
        self._stations = stations
        self._seed = seed
        self._speed = speed
        self._tap = tap
        self._clock = clock

    def __call__(self, text: str, key: Secret | None = None) -> Source:
        """Make the source that ``text`` names; ``key`` goes before every other. Raises ``SourceError``."""
        text = text.strip()
        given = _judged(key.reveal(), "The key") if key is not None else ""
        match kind_of(text):
            case Kind.DEMO:
                return self._demo()
            case Kind.V1:
                return self._v1(parse(text if is_address(text) else V1_ADDRESS), given)
            case Kind.ENOVA:
                return self._enova(given)
            case Kind.RECORDING:
                return self._recording(file_of(text))

    def _demo(self) -> Source:
        from nobil_tui.sources.demo import DemoSource

        speed = 1.0 if self._speed is None else self._speed
        return DemoSource(self._stations, self._seed, speed, clock=self._clock, tap=self._tap)

    def _v1(self, address: Address, given: str) -> Source:
        from nobil_tui.sources.v1 import V1Source

        if given and not address.wants_key:
            raise SourceError(f"The address has no place for the key: write {PLACE} where it goes.")
        key = (given or self._stream_key(address)) if address.wants_key else ""
        unsent = not address.wants_key and self._config.stream.api_key is not None and self._is_of_config(address)
        return V1Source(address, key, unsent=unsent, clock=self._clock, tap=self._tap)

    def _enova(self, given: str) -> Source:
        from nobil_tui.sources.enova import EnovaSource

        key = given or self._enova_key()
        return EnovaSource(key, self._config.enova.address, clock=self._clock, tap=self._tap)

    def _recording(self, path: Path) -> Source:
        from nobil_tui.sources.recording import RecordingSource

        return RecordingSource(path, speed=self._speed, clock=self._clock)

    # Keys

    def _stream_key(self, address: Address) -> str:
        """Return the key for a server of version 1. Raises ``SourceError`` where there is none for it."""
        if key := self._of_environment():
            return key
        secret = self._config.stream.api_key
        if secret is None:
            raise SourceError(
                f"{address.shown} needs a key, and there is none. "
                f"Set the variable {VARIABLE}, or source and api_key under [stream] in the config."
            )
        if not self._is_of_config(address):
            raise SourceError(
                f"{address.shown} needs a key. The one under [stream] in the config belongs to the source that stands "
                f"there, and goes nowhere else. Set the variable {VARIABLE} for this one."
            )
        return secret.reveal()

    def _enova_key(self) -> str:
        if key := self._of_environment():
            return key
        config = self._config
        secret = config.enova.api_key
        if secret is None and config.stream.source.strip().casefold() == Kind.ENOVA.value:
            secret = config.stream.api_key
        if secret is None:
            raise SourceError(
                "NOBIL Real-time needs a key, and there is none. "
                f"Set the variable {VARIABLE}, or api_key under [enova] in the config."
            )
        return secret.reveal()

    def _of_environment(self) -> str:
        return _judged(self._environ.get(VARIABLE, "").strip(), f"The variable {VARIABLE}")

    def _is_of_config(self, address: Address) -> bool:
        """Whether the config's own source has this host, so that the key beside it may go there."""
        try:
            own = address_of(self._config.stream.source)
        except SourceError:
            return False
        return own is not None and own.host == address.host


def _judged(key: str, what: str) -> str:
    """Return a key that can be sent; an empty one is none. Raises ``SourceError``, and never tells the key."""
    if len(key) > LONGEST_KEY:
        raise SourceError(f"{what} has {len(key):,} characters; no key has more than {LONGEST_KEY:,}.")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SourceError(f"{what} has a blank, a control character or a letter that is not ASCII; no key has.")
    return key


def _not_a_source(text: str) -> str:
    words = f"{quoted(text)} is no source." if _WORD.fullmatch(text) else "This is no source."
    expected = "Expected demo, v1, enova, a ws:// or wss:// address, or the file of a recording."
    return f"{words}{did_you_mean(text, NAMES)} {expected}"
