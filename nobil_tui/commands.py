"""Every command of the interface, once: its id, its keys, its words, and where it works.

Bindings, footer, help, palette and the ``[interface.keys]`` of the config are made from this table, so that they cannot
disagree. A command is done by the method ``action_<action>`` of whoever binds it; this room knows no interface library.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Context(StrEnum):
    """Where a command's keys work."""

    EVERYWHERE = "everywhere"
    LISTS = "lists"
    STATIONS = "stations"
    LOG = "log"
    CONNECTORS = "connectors"
    FILTER = "filter"
    PLAYING = "playing"
    DIALOG = "dialog"

    @property
    def heading(self) -> str:
        """A heading for the help."""
        return {
            Context.EVERYWHERE: "Everywhere",
            Context.LISTS: "In every list",
            Context.STATIONS: "In the stations",
            Context.LOG: "In the event log",
            Context.CONNECTORS: "In the connectors",
            Context.FILTER: "While you type a filter",
            Context.PLAYING: "While a recording plays",
            Context.DIALOG: "In a dialog",
        }[self]

    @property
    def active(self) -> tuple[Context, ...]:
        """The contexts whose keys work while this one has the focus, nearest first; a dialog hides what is below."""
        if self is Context.DIALOG:
            return (self,)
        everywhere = (Context.EVERYWHERE, Context.PLAYING)
        if self in everywhere:
            return everywhere
        if self in (Context.LISTS, Context.FILTER):
            return (self, *everywhere)
        return (self, Context.LISTS, *everywhere)

    @property
    def accepts_text(self) -> bool:
        """Whether a printable key is text here, and so cannot be a command."""
        return self in (Context.FILTER, Context.DIALOG)


class Command(Struct, frozen=True, gc=False):
    """One thing that a user can have done."""

    id: str
    """Kebab-case; what ``[interface.keys]`` calls the command, and the id of its bindings."""

    keys: tuple[str, ...]
    """The default keys, as Textual names them (``slash``, ``ctrl+p``, ``O``); empty for the palette alone."""

    label: str
    """A word or two, for the footer."""

    tooltip: str
    """One sentence, for the help, the palette and the mouse."""

    context: Context = Context.EVERYWHERE

    also_in: tuple[Context, ...] = ()
    """Contexts that bind the command beside ``context``: a dialog hides the bindings of what is below it."""

    footer: bool = False
    """Whether the footer names it; it does so in the order of ``COMMANDS``."""

    palette: bool = True
    """Whether the palette offers it: what only moves about makes no sense there."""

    priority: bool = False
    """Whether its keys work whatever is on top, a dialog included (never a printable key in a text field)."""

    required: bool = False
    """Whether it must always have a key: without it a user would be lost."""

    @property
    def action(self) -> str:
        """The id as the name of a method: ``reverse-sort`` is done by ``action_reverse_sort``."""
        return self.id.replace("-", "_")

    def works_in(self, context: Context) -> bool:
        """Whether its keys are bound in exactly this context."""
        return context is self.context or context in self.also_in


def _movement(id_: str, keys: tuple[str, ...], words: str, tooltip: str) -> Command:
    return Command(id_, keys, words, tooltip, Context.LISTS, palette=False)


def _playing(id_: str, key: str, words: str, tooltip: str) -> Command:
    return Command(id_, (key,), words, tooltip, Context.PLAYING)


COMMANDS: tuple[Command, ...] = (
    Command("filter", ("slash",), "Filter", "Find by words, plugs, power, state: ccs >=150kw free oslo.", footer=True),
    Command("star", ("s",), "Star", "Star the selected station, or take its star away.", footer=True),
    Command("starred-only", ("w",), "Starred", "Show only starred stations, or all.", footer=True),
    Command("faults-only", ("e",), "Faults", "Show only stations with a fault, or all."),
    Command("sort", ("o",), "Sort", "Sort the stations by the next column.", Context.STATIONS, footer=True),
    Command("reverse-sort", ("O",), "Reverse", "Sort the stations the other way round.", Context.STATIONS),
    Command("pin-starred", ("p",), "Pin starred", "Keep starred stations on top of every order, or not."),
    Command("alert", ("n",), "Alert", "Notify me when a connector here becomes free.", footer=True),
    Command("log-scope", ("l",), "Log", "Log every station, starred ones, or the selected one.", footer=True),
    Command("show-log", ("v",), "Show log", "Show the event log where the terminal has no room for it, or hide it."),
    Command("select", ("enter",), "Select", "Select the station of this line.", Context.LOG, palette=False),
    Command("map", ("m",), "Map", "Show on a map where the station of this pane is.", Context.CONNECTORS),
    Command("connect", ("c",), "Connect", "Connect to another source of reports."),
    Command("retry", ("r",), "Retry", "Try to connect again now."),
    Command("copy", ("y",), "Copy", "Copy the selected station as text."),
    Command("export-log", ("x",), "Export log", "Write the event log to a file."),
    Command("theme", (), "Theme", "Choose the colours."),
    Command("save-filter", ("S",), "Save filter", "Keep the filter under a name."),
    Command(
        "saved-filter",
        ("1", "2", "3", "4", "5", "6", "7", "8", "9"),
        "Saved filter",
        "Filter by one of the saved filters: the first, the second, and so on.",
        palette=False,
    ),
    Command("home", ("H",), "Home", "This station is home: distances are counted from it."),
    Command("registered", (), "Not streamed", "List also what only the register knows and the stream never named."),
    Command("update-register", (), "Register", "Fetch names, places and plugs of all stations anew."),
    _playing("pause", "space", "Pause", "Stop the recording, or go on."),
    _playing("faster", "plus", "Faster", "Play the recording faster."),
    _playing("slower", "minus", "Slower", "Play the recording slower."),
    _playing("forward", "right_square_bracket", "Forward", "Jump ten minutes forward in the recording."),
    _playing("backward", "left_square_bracket", "Back", "Jump ten minutes back in the recording."),
    _movement("down", ("down", "j"), "Down", "One line down."),
    _movement("up", ("up", "k"), "Up", "One line up."),
    _movement("page-down", ("pagedown",), "Page down", "One screen down."),
    _movement("page-up", ("pageup",), "Page up", "One screen up."),
    _movement("first", ("home", "g"), "First", "To the first line."),
    _movement("last", ("end", "G"), "Last", "To the last line; in the log, follow what is new."),
    Command(
        "keep-filter", ("enter",), "Keep", "Keep the filter and go to the stations.", Context.FILTER, palette=False
    ),
    Command("next-pane", ("tab",), "Next pane", "Go to the next pane.", palette=False),
    Command("previous-pane", ("shift+tab",), "Previous pane", "Go to the previous pane.", palette=False),
    Command(
        "back",
        ("escape",),
        "Back",
        "Leave the filter, the dialog or the narrowed list.",
        also_in=(Context.FILTER, Context.DIALOG),
        palette=False,
    ),
    Command("help", ("question_mark", "f1"), "Help", "Show every key and what it does.", footer=True, required=True),
    Command("quit", ("q", "ctrl+q", "ctrl+c"), "Quit", "Quit.", footer=True, priority=True, required=True),
    Command("suspend", ("ctrl+z",), "Suspend", "Go to the shell; fg comes back.", palette=False),
    Command("palette", ("ctrl+p",), "Palette", "Find a command or a station by name.", palette=False, priority=True),
)
"""All of them; groups of a context stand together, and the footer keeps this order."""

_BY_ID = {command.id: command for command in COMMANDS}


def command_by_id(id_: str) -> Command:
    """The command of that id; ``KeyError`` where there is none."""
    return _BY_ID[id_]


def is_command(id_: str) -> bool:
    """Whether there is a command of that id."""
    return id_ in _BY_ID


def for_context(context: Context) -> tuple[Command, ...]:
    """The commands whose keys are bound in exactly this context."""
    return tuple(command for command in COMMANDS if command.works_in(context))


def active_in(context: Context) -> tuple[Command, ...]:
    """The commands whose keys work while this context has the focus, those of the nearest first, each once."""
    near = [command for nearer in context.active for command in for_context(nearer)]
    return tuple(dict.fromkeys([*near, *(command for command in COMMANDS if command.priority)]))
