"""What a config can hold. Missing parts have defaults, so an empty file is a config."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct, field
from msgspec.structs import fields, force_setattr

from nobil_tui.base.redaction import Secret, secrets_in_query
from nobil_tui.search.sorting import Sort

REGISTER_VARIABLE = "NOBIL_REGISTER_KEY"
"""The environment's variable that goes before the register's key in the config."""


class LogScope(StrEnum):
    """Whose changes the event log shows."""

    ALL = "all"
    STARRED = "starred"
    STATION = "station"


class Country(StrEnum):
    """The countries that the station register has, as it calls them."""

    NOR = "NOR"
    SWE = "SWE"


class _Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class _KeyedSection(_Section, frozen=True, forbid_unknown_fields=True):
    """A table of the file that may hold a key."""

    api_key: Secret | None = None
    """None where there is none; an empty one in the file is none."""

    def __post_init__(self) -> None:
        if self.api_key is not None and not self.api_key:
            force_setattr(self, "api_key", None)


class WatchedSection(_Section, frozen=True, forbid_unknown_fields=True):
    """``[watched]``: the starred stations."""

    stations: list[str] = []
    """Ids, opaque, in the order of starring, each once."""

    def __post_init__(self) -> None:
        force_setattr(self, "stations", list(dict.fromkeys(self.stations)))


class StreamSection(_KeyedSection, frozen=True, forbid_unknown_fields=True):
    """``[stream]``: where reports come from."""

    source: str = ""
    """An address or a name of a source; empty for the one that is built in. May hold a key in its query."""


class EnovaSection(_KeyedSection, frozen=True, forbid_unknown_fields=True):
    """``[enova]``: access to NOBIL Real-time."""

    address: str = ""
    """An http or https address in place of the usual one; empty for that."""


class RegisterSection(_KeyedSection, frozen=True, forbid_unknown_fields=True):
    """``[register]``: access to the station register."""

    countries: Annotated[list[Country], Meta(min_length=1)] = field(default_factory=lambda: list(Country))
    """Whose stations to fetch, each once."""
    address: str = ""
    """An http or https address in place of the usual one; empty for that."""

    def __post_init__(self) -> None:
        super().__post_init__()
        force_setattr(self, "countries", list(dict.fromkeys(self.countries)))

    def key(self, environ: Mapping[str, str]) -> Secret | None:
        """Find the key; None where there is none. The key of another service is never taken for it."""
        said = environ.get(REGISTER_VARIABLE, "").strip()
        return Secret(said) if said else self.api_key


class HomeSection(_Section, frozen=True, forbid_unknown_fields=True):
    """``[home]``: from where distances are counted."""

    position: tuple[Annotated[float, Meta(ge=-90, le=90)], Annotated[float, Meta(ge=-180, le=180)]] | None = None
    """Latitude and longitude in degrees."""


class InterfaceSection(_Section, frozen=True, forbid_unknown_fields=True):
    """``[interface]``: how it looks and which keys it has."""

    theme: str = ""
    """A theme's name; empty for the usual one. Whoever draws knows which there are."""
    sort: Sort = Sort.STARRED
    ascii: bool = False
    """Whether only ASCII is drawn."""
    log_scope: LogScope = LogScope.ALL
    pin_starred: bool = True
    """Whether starred stations stand on top of every order."""
    keys: dict[str, str | list[str]] = {}
    """Keys by command id, as written in the file: ``keys.check`` makes Textual's names of them."""


class Config(_Section, frozen=True, forbid_unknown_fields=True):
    """A whole config."""

    watched: WatchedSection = field(default_factory=WatchedSection)
    stream: StreamSection = field(default_factory=StreamSection)
    enova: EnovaSection = field(default_factory=EnovaSection)
    register: RegisterSection = field(default_factory=RegisterSection)
    home: HomeSection = field(default_factory=HomeSection)
    filters: dict[str, str] = {}
    """Saved filters by their names."""
    interface: InterfaceSection = field(default_factory=InterfaceSection)

    def api_key(self, section: str) -> Secret | None:
        """Return the API key in a table of ``ADDRESS_KEYS``."""
        keyed: _KeyedSection = getattr(self, section)
        return keyed.api_key

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that it holds; a secret may be written into each."""
        addresses = (getattr(getattr(self, section), key) for section, key in ADDRESS_KEYS.items())
        return tuple(filter(None, addresses))

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every key that it holds, and what in its addresses is one or may be."""
        keys = [key for section in ADDRESS_KEYS if (key := self.api_key(section)) is not None]
        return *keys, *(Secret(value) for address in self.addresses for value in secrets_in_query(address))


ADDRESS_KEYS = {
    table.name: "source" if hasattr(table.type, "source") else "address"
    for table in fields(Config)
    if isinstance(table.type, type) and issubclass(table.type, _KeyedSection)
}
"""The tables of services, which may hold an API key, and the key in each that holds its address."""


def secret_from_text(kind: type, value: Any) -> Secret:
    """Make a secret of what a file holds, for msgspec, which turns a ``ValueError`` into one with its place."""
    if kind is not Secret or not isinstance(value, str):
        raise ValueError("expected a text")
    return Secret(value)
