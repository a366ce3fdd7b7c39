"""Every setting once: its comment in a new config file, its example and its limits.

A new setting is a field in ``model.py`` and a row here. The template of ``config init`` and the
validation derive from this table; the type and the default come from the model.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

from nobil_tui.base.text import one_of
from nobil_tui.config.alert_rules import PLACEHOLDERS, AlertWhen, NotifyMethod
from nobil_tui.config.model import Country, LogScope, RecordMode
from nobil_tui.search.list_columns import ListColumn
from nobil_tui.search.sorting import Sort

MAX_ID = 64
MAX_NAME = 64
MAX_FILTER = 256
MAX_ADDRESS = 2048
MAX_API_KEY = 1024


class Check(Enum):
    """How a value is validated beyond its type."""

    TYPE = auto()
    """The type is enough."""
    TEXT = auto()
    """A printable text of limited length, or each text of a list."""
    API_KEY = auto()
    ADDRESS = auto()
    """An http or https address."""
    STREAM_ADDRESS = auto()
    """A ws or wss address."""
    URL_PATH = auto()
    """The beginning of a path of a URL."""
    DEGREES = auto()
    KEYMAP = auto()
    NAMED_TEXTS = auto()
    """A table of printable texts with printable names."""
    THEMES = auto()
    """A table of themes with printable names and colours like #0e1218."""
    COMMAND = auto()
    """A program and its arguments, with placeholders."""
    ALERTS = auto()


class Setting(Struct, frozen=True):
    """A setting, or a whole table whose keys the user chooses."""

    section: str
    key: str
    """Empty for a whole table."""
    comment: str
    """Shown above it in a new config file, one line per line."""
    example: str
    """The example in a new config file, in TOML: the default if there is one."""
    check: Check = Check.TYPE
    max_length: int = 0
    may_be_empty: bool = True


_USUAL_ADDRESS = "An address to use instead of the usual one."

SETTINGS = (
    Setting(
        "watched",
        "stations",
        "Starred stations, by id. Pressing s adds to this list.",
        "[]",
        Check.TEXT,
        MAX_ID,
        may_be_empty=False,
    ),
    Setting(
        "watched",
        "simulated",
        "The same for the simulation.",
        "[]",
        Check.TEXT,
        MAX_ID,
        may_be_empty=False,
    ),
    Setting(
        "stream",
        "source",
        "The source: a name such as finland or enova, or an address (ws://, wss:// or nats://).\n"
        "If empty, a simulation runs.",
        '""',
        Check.TEXT,
        MAX_ADDRESS,
    ),
    Setting(
        "stream",
        "api_key",
        "The key of the source. The variable NOBIL_API_KEY overrides it.",
        '""',
        Check.API_KEY,
    ),
    Setting("enova", "api_key", "The key of NOBIL Real-time by Enova.", '""', Check.API_KEY),
    Setting("enova", "address", _USUAL_ADDRESS, '""', Check.ADDRESS),
    Setting(
        "finland",
        "address",
        "An address to use instead of Fintraffic's, such as that of its test host.",
        '""',
        Check.ADDRESS,
    ),
    Setting("finland", "stream", "The same for its stream.", '""', Check.STREAM_ADDRESS),
    Setting(
        "register",
        "api_key",
        "The key of the station register with names, places and plugs.\nThe variable "
        "NOBIL_REGISTER_KEY overrides it.",
        '""',
        Check.API_KEY,
    ),
    Setting(
        "register",
        "countries",
        f"The countries of the register: {one_of(Country)}, or both.",
        '["NOR", "SWE"]',
    ),
    Setting("register", "address", _USUAL_ADDRESS, '""', Check.ADDRESS),
    Setting(
        "home",
        "position",
        "The position that distances are measured from: latitude and longitude in degrees.\n"
        "There is no default; this is Oslo.",
        "[59.91, 10.75]",
        Check.DEGREES,
    ),
    Setting(
        "home",
        "simulated",
        "A position for the simulation alone, as pressing H there sets it.",
        "[59.91, 10.75]",
        Check.DEGREES,
    ),
    Setting(
        "filters",
        "",
        "Saved filters: a name and the filter.",
        '"Fast in Oslo" = "oslo ccs"',
        Check.NAMED_TEXTS,
        MAX_FILTER,
    ),
    Setting(
        "history",
        "record",
        f"The stations whose changes are recorded: {one_of(RecordMode)}.\n"
        "Unless off, how busy every station is by hour of the week is recorded too.",
        '"starred"',
    ),
    Setting(
        "alerts",
        "notify",
        f"How to ask the terminal for a desktop notification: {one_of(NotifyMethod)}.\n"
        "none also keeps the bell silent.",
        '"auto"',
    ),
    Setting(
        "alerts",
        "command",
        'A program to run when an alert fires, such as ["notify-send", "{name}", "{summary}"].\n'
        "No shell is involved. It gets the change as a line of JSON on its standard input.\n"
        f"Placeholders: {', '.join(f'{{{each}}}' for each in PLACEHOLDERS)}.",
        "[]",
        Check.COMMAND,
    ),
    Setting(
        "alerts",
        "rule",
        "The alerts. Pressing n adds one; by hand, add a table for each:\n"
        "  [[alerts.rule]]\n"
        '  station = "NOR_01333"               or, for an area, only a filter\n'
        '  connector = "2"                     if only one connector counts\n'
        '  filter = "ccs >=150kw"              with a station: the plugs that count\n'
        f'  when = "free"                       {one_of(AlertWhen)}\n'
        "  least = 1                           how many must be free\n"
        "  repeat = false                      whether to stay armed after firing\n"
        "  paused = false",
        "[]",
        Check.ALERTS,
    ),
    Setting(
        "hub",
        "connections",
        'For "nobil-tui serve": how many clients may be connected.',
        "2000",
    ),
    Setting("hub", "connections_per_client", "The same for each client, by its API key.", "1000"),
    Setting("hub", "handshake_seconds", "How many seconds a request may take to arrive.", "10"),
    Setting(
        "hub",
        "stalled_seconds",
        "After how many seconds a client that reads nothing is disconnected.",
        "30",
    ),
    Setting(
        "hub",
        "received_bytes",
        "How many bytes a client of the stream may send in a minute. Clients usually send none.",
        "65536",
    ),
    Setting(
        "hub",
        "received_frames",
        "How many messages, pings and pongs it may send in a minute.",
        "600",
    ),
    Setting("hub", "failed_tries", "How many wrong keys an address may try in a minute.", "20"),
    Setting(
        "hub",
        "behind_proxy",
        "Whether a proxy in front sets X-Forwarded-For to the address of the client.",
        "false",
    ),
    Setting(
        "hub",
        "path_prefix",
        'The path that a proxy in front passes on before that of the hub, such as "/nobil".',
        '""',
        Check.URL_PATH,
        MAX_NAME,
    ),
    Setting(
        "hub",
        "cors_origins",
        'Web sites whose pages may use the REST API, such as ["https://example.org"]; "*" for all.',
        "[]",
        Check.TEXT,
        MAX_ADDRESS,
        may_be_empty=False,
    ),
    Setting(
        "interface",
        "theme",
        "A colour theme. If auto or empty, it is dark or light like the terminal, if known.",
        '""',
        Check.TEXT,
        MAX_NAME,
    ),
    Setting("interface", "sort", f"The order of the stations: {one_of(Sort)}.", '"starred"'),
    Setting("interface", "ascii", "Draw with ASCII characters only.", "false"),
    Setting(
        "interface",
        "log_scope",
        f"The stations that the event log shows: {one_of(LogScope)}.",
        '"all"',
    ),
    Setting("interface", "pin_starred", "Pin starred stations to the top in every order.", "true"),
    Setting(
        "interface",
        "restore",
        "Start with the filter and the selection of the last run, and the log as it was.",
        "true",
    ),
    Setting(
        "interface",
        "columns",
        "The columns of the station list, from the left; if empty, all of them:\n"
        f"{', '.join(ListColumn)}.",
        "[]",
    ),
    Setting(
        "interface.keys",
        "",
        "Key bindings by the id of a command: one key, several, or none.",
        'star = ["s", "f2"]\ntheme = "t"\nexport-log = []',
        Check.KEYMAP,
    ),
    Setting(
        "themes",
        "",
        "Your own colour themes. A colour left out is that of the dark or the light theme.\n"
        "The names: primary, secondary, accent, success, warning, error, foreground, background,\n"
        "surface, panel, free, occupied, blocked, reserved, fault, unknown, star.",
        'evening = { dark = true, primary = "#ffb454", background = "#101418" }',
        Check.THEMES,
    ),
)
"""In the order of a new config file. The settings of a section follow each other."""
