"""The structure of the config. Everything has a default, so an empty file is valid.

``setting_table.py`` holds the comment and the limits of each setting.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct, field
from msgspec.structs import fields, force_setattr

from nobil_tui.base.redaction import Secret, secrets_in_query
from nobil_tui.config.alert_rules import AlertsSection
from nobil_tui.config.hub import HubSection
from nobil_tui.search.list_columns import ListColumn
from nobil_tui.search.sorting import Sort


class LogScope(StrEnum):
    """The stations whose changes the event log shows."""

    ALL = "all"
    STARRED = "starred"
    STATION = "station"


class RecordMode(StrEnum):
    """The stations whose changes the history stores."""

    STARRED = "starred"
    ALL = "all"
    OFF = "off"


class Country(StrEnum):
    """The countries of the station register, by its own codes."""

    NOR = "NOR"
    SWE = "SWE"


class _Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class _KeyedSection(_Section, frozen=True, forbid_unknown_fields=True):
    """A table of the file that may hold an API key."""

    api_key: Secret | None = None
    """None if missing or empty in the file."""

    def __post_init__(self) -> None:
        if self.api_key is not None and not self.api_key:
            force_setattr(self, "api_key", None)


class WatchedSection(_Section, frozen=True, forbid_unknown_fields=True):
    """``[watched]``: the starred stations."""

    stations: list[str] = []
    """Distinct opaque ids, in the order of starring."""

    simulated: list[str] = []
    """The same for the simulation, whose stations are made up."""

    def __post_init__(self) -> None:
        force_setattr(self, "stations", list(dict.fromkeys(self.stations)))
        force_setattr(self, "simulated", list(dict.fromkeys(self.simulated)))


class StreamSection(_KeyedSection, frozen=True, forbid_unknown_fields=True):
    """``[stream]``: the source of reports."""

    source: str = ""
    """An address or the name of a source; empty for the simulation. May hold a key in its query."""


class EnovaSection(_KeyedSection, frozen=True, forbid_unknown_fields=True):
    """``[enova]``: access to NOBIL Real-time."""

    address: str = ""
    """An http or https address that replaces the usual one; empty for none."""


class FinlandSection(_Section, frozen=True, forbid_unknown_fields=True):
    """``[finland]``: access to Fintraffic's service, which takes no key."""

    address: str = ""
    """An http or https address that replaces the usual one; empty for none."""
    stream: str = ""
    """A ws or wss address that replaces the usual one; empty for none."""


class RegisterSection(_KeyedSection, frozen=True, forbid_unknown_fields=True):
    """``[register]``: access to the station register."""

    countries: Annotated[list[Country], Meta(min_length=1)] = field(
        default_factory=lambda: list(Country)
    )
    """The distinct countries to download."""
    address: str = ""
    """An http or https address that replaces the usual one; empty for none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        force_setattr(self, "countries", list(dict.fromkeys(self.countries)))


_Position = tuple[Annotated[float, Meta(ge=-90, le=90)], Annotated[float, Meta(ge=-180, le=180)]]
"""Latitude and longitude in degrees."""


class HomeSection(_Section, frozen=True, forbid_unknown_fields=True):
    """``[home]``: the position that distances are measured from."""

    position: _Position | None = None
    simulated: _Position | None = None
    """The one to use in the simulation; None for ``position``."""


class HistorySection(_Section, frozen=True, forbid_unknown_fields=True):
    """``[history]``: the recording of changes on this machine."""

    record: RecordMode = RecordMode.STARRED
    """The stations whose changes are stored. Unless off, every station's occupancy by hour of the
    week is stored too."""


class InterfaceSection(_Section, frozen=True, forbid_unknown_fields=True):
    """``[interface]``: appearance and key bindings."""

    theme: str = ""
    """The name of a theme; empty for the default. The interface knows which exist."""
    sort: Sort = Sort.STARRED
    ascii: bool = False
    """Whether to draw ASCII characters only."""
    log_scope: LogScope = LogScope.ALL
    pin_starred: bool = True
    """Whether starred stations are on top in every order."""
    restore: bool = True
    """Whether to start with the filter, the selection and the panes of the last run."""
    columns: list[ListColumn] = []
    """The columns of the station list, in order; empty for the usual ones."""
    keys: dict[str, str | list[str]] = {}
    """Key bindings by command id, as written. ``parse_keymap`` returns Textual's names."""


class ThemeSection(_Section, frozen=True, forbid_unknown_fields=True):
    """``[themes.NAME]``: a theme of the user. An empty colour is that of our own theme."""

    dark: bool = True
    """Whether it is based on the dark theme, or on the light one."""
    primary: str = ""
    secondary: str = ""
    accent: str = ""
    success: str = ""
    warning: str = ""
    error: str = ""
    foreground: str = ""
    background: str = ""
    surface: str = ""
    panel: str = ""
    free: str = ""
    occupied: str = ""
    blocked: str = ""
    reserved: str = ""
    fault: str = ""
    unknown: str = ""
    star: str = ""

    @property
    def colours(self) -> dict[str, str]:
        """The colours by name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "dark"}


THEME_COLOURS = (
    "primary",
    "secondary",
    "accent",
    "success",
    "warning",
    "error",
    "foreground",
    "background",
    "surface",
    "panel",
)
"""The colours of a theme that every widget uses; the others are for conditions and stars."""


class Config(_Section, frozen=True, forbid_unknown_fields=True):
    """A whole config."""

    watched: WatchedSection = field(default_factory=WatchedSection)
    stream: StreamSection = field(default_factory=StreamSection)
    enova: EnovaSection = field(default_factory=EnovaSection)
    finland: FinlandSection = field(default_factory=FinlandSection)
    register: RegisterSection = field(default_factory=RegisterSection)
    home: HomeSection = field(default_factory=HomeSection)
    filters: dict[str, str] = {}
    """Saved filters by name."""
    history: HistorySection = field(default_factory=HistorySection)
    interface: InterfaceSection = field(default_factory=InterfaceSection)
    themes: dict[str, ThemeSection] = {}
    """The themes of the user by name."""
    alerts: AlertsSection = field(default_factory=AlertsSection)
    hub: HubSection = field(default_factory=HubSection)

    def api_key(self, section: str) -> Secret | None:
        """Return the API key in a table of ``ADDRESS_KEYS``."""
        keyed: _KeyedSection = getattr(self, section)
        return keyed.api_key

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses. Each may contain a secret."""
        addresses = (getattr(getattr(self, section), key) for section, key in ADDRESSES)
        return tuple(filter(None, addresses))

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All API keys, and what may be a secret in the addresses."""
        keys = [key for section in ADDRESS_KEYS if (key := self.api_key(section)) is not None]
        return *keys, *(
            Secret(value) for address in self.addresses for value in secrets_in_query(address)
        )


ADDRESS_KEYS = {
    table.name: "source" if hasattr(table.type, "source") else "address"
    for table in fields(Config)
    if isinstance(table.type, type) and issubclass(table.type, _KeyedSection)
}
"""The tables of services, which may hold an API key, and the key in each that holds its address."""

ADDRESSES = (*ADDRESS_KEYS.items(), ("finland", "address"), ("finland", "stream"))
"""The section and the key of every address."""


def secret_from_text(kind: type, value: Any) -> Secret:
    """Decode a ``Secret``, as a ``dec_hook`` of msgspec, which adds the path to a
    ``ValueError``."""
    if kind is not Secret or not isinstance(value, str):
        raise ValueError("expected a text")
    return Secret(value)
