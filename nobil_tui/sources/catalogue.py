"""The catalogue of sources: one row for each kind.

What lists, recognizes, opens or explains sources derives from this table. To add a source, add a
row here, its module beside this one, and what is new about it: a codec in ``wire.codecs``, a table
of the config in ``config.model`` and ``config.setting_table``.

The rows load nothing: ``--help`` reads them too.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from nobil_tui.base.redaction import KEY_PLACEHOLDER
from nobil_tui.base.text import one_of

if TYPE_CHECKING:
    from nobil_tui.feeds.source import Source
    from nobil_tui.sources.request import SourceRequest

V1_ADDRESS = f"ws://realtime.chargelizer.com/api/v1/stream/realtime?key={KEY_PLACEHOLDER}"
"""The address where version 1 was first served."""


class Argument(Enum):
    """What the user can type for a source instead of a name, in words."""

    ADDRESS = "a ws:// or wss:// address"
    NATS = "nats://..."
    FILE = "a recording file"


class KeyRule(NamedTuple):
    """Where the API key of a source is found."""

    section: str
    """Table of the config with its ``api_key``."""
    variable: str = "NOBIL_API_KEY"
    """Environment variable that takes precedence over the config."""


class SourceKind(NamedTuple):
    """A kind of source. Two kinds never share a name or an argument."""

    name: str
    """What the user types for it, unless it only has an ``argument``."""
    label: str
    """Display name."""
    summary: str
    """Description for shell completion."""
    make: Callable[[SourceRequest], Source]
    """Create the source, not yet open. Raises ``SourceError``."""
    codec: str = ""
    """Name of the format of its frames in ``wire.codecs``; empty if they are not its own."""
    address: str = ""
    """Address that the name means; empty for a kind without addresses."""
    argument: Argument | None = None
    """What the user can type instead of the name."""
    typed: bool = True
    """Whether the user can type the name."""
    key: KeyRule | None = None
    """Where its API key is found; None if it needs none. An address needs one if it has a
    placeholder."""
    warn: Callable[[SourceRequest], tuple[str, ...]] | None = None
    """Return warnings about it, one or two sentences each; None if there are none for its kind."""
    simulated: bool = False
    options: tuple[str, ...] = ()
    """Names of the command-line options that apply to it."""


def _make_demo(request: SourceRequest) -> Source:
    from nobil_tui.sources.demo import DemoSource

    return DemoSource(request)


def _make_v1(request: SourceRequest) -> Source:
    from nobil_tui.sources.v1 import V1Source

    return V1Source(request)


def _make_enova(request: SourceRequest) -> Source:
    from nobil_tui.sources.enova import EnovaSource

    return EnovaSource(request)


def _make_recording(request: SourceRequest) -> Source:
    from nobil_tui.sources.recording import RecordingSource

    return RecordingSource(request)


def _make_finland(request: SourceRequest) -> Source:
    from nobil_tui.sources.finland import FinlandSource

    return FinlandSource(request)


def _make_nats(request: SourceRequest) -> Source:
    from nobil_tui.sources.nats import NatsSource

    return NatsSource(request)


def _warn_of_nats(request: SourceRequest) -> tuple[str, ...]:
    from nobil_tui.sources.nats import login_warnings

    return login_warnings(request)


FINLAND = SourceKind(
    "finland",
    "Finland",
    "Finland, live, no key needed",
    _make_finland,
    codec="finland",
)
DEMO = SourceKind(
    "demo",
    "demo",
    "the simulation",
    _make_demo,
    codec="v1",
    simulated=True,
    options=("stations", "seed", "speed"),
)
V1 = SourceKind(
    "v1",
    "version 1",
    "version 1 of the stream API",
    _make_v1,
    codec="v1",
    address=V1_ADDRESS,
    argument=Argument.ADDRESS,
    key=KeyRule("stream"),
)
ENOVA = SourceKind(
    "enova",
    "NOBIL Real-time",
    "NOBIL Real-time by Enova",
    _make_enova,
    codec="enova",
    key=KeyRule("enova"),
)
NATS = SourceKind(
    "nats",
    "NATS",
    "a relay's stream in NATS",
    _make_nats,
    argument=Argument.NATS,
    typed=False,
    warn=_warn_of_nats,
)
RECORDING = SourceKind(
    "recording",
    "recording",
    "a recording",
    _make_recording,
    argument=Argument.FILE,
    typed=False,
    options=("speed",),
)

SOURCES: dict[str, SourceKind] = {
    kind.name: kind for kind in (FINLAND, DEMO, V1, ENOVA, NATS, RECORDING)
}
"""Every kind, by name."""
DEFAULT = DEMO
"""The kind that an empty text means."""


def typed_names() -> dict[str, SourceKind]:
    """Return the kinds whose names can be typed, by name."""
    return {name: kind for name, kind in SOURCES.items() if kind.typed}


def kind_with(argument: Argument) -> SourceKind:
    """Return the kind that takes ``argument``."""
    return next(kind for kind in SOURCES.values() if kind.argument is argument)


def expected() -> str:
    """Return what can be typed for a source: ``demo, v1, ..., or a recording file``."""
    arguments = [kind.argument.value for kind in SOURCES.values() if kind.argument is not None]
    *most, last = [*typed_names(), *arguments]
    return f"{', '.join(most)}, or {last}"


def kinds_with_option(option: str) -> str:
    """Return the kinds that a command-line option applies to: ``the simulation or a recording``."""
    return one_of(kind.summary for kind in SOURCES.values() if option in kind.options)
