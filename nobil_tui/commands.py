"""Every command of the interface, once: id, keys, label, tooltip and context.

Bindings, footer, help, palette and ``[interface.keys]`` of the config derive from this table, so
that they cannot disagree. The table does not depend on an interface library.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Context(StrEnum):
    """The part of the interface in which the keys of a command work."""

    EVERYWHERE = "everywhere"
    LISTS = "lists"
    STATIONS = "stations"
    LOG = "log"
    CONNECTORS = "connectors"
    FILTER = "filter"
    PLAYING = "playing"
    ALERTS = "alerts"
    COLUMNS = "columns"
    DIALOG = "dialog"

    @property
    def heading(self) -> str:
        """The heading in the help."""
        return {
            Context.EVERYWHERE: "Everywhere",
            Context.LISTS: "In every list",
            Context.STATIONS: "In the stations",
            Context.LOG: "In the event log",
            Context.CONNECTORS: "In the connectors",
            Context.FILTER: "While you type a filter",
            Context.PLAYING: "While a recording plays",
            Context.ALERTS: "In the list of alerts",
            Context.COLUMNS: "In the list of columns",
            Context.DIALOG: "In a dialog",
        }[self]

    @property
    def active(self) -> tuple[Context, ...]:
        """The contexts whose keys work while this one has the focus, nearest first.

        A dialog hides the contexts below it.
        """
        if self is Context.DIALOG:
            return (self,)
        if self in (Context.ALERTS, Context.COLUMNS):
            return (self, Context.LISTS, Context.DIALOG)
        everywhere = (Context.EVERYWHERE, Context.PLAYING)
        if self in everywhere:
            return everywhere
        if self in (Context.LISTS, Context.FILTER):
            return (self, *everywhere)
        return (self, Context.LISTS, *everywhere)

    @property
    def accepts_text(self) -> bool:
        """Whether printable keys are text here, and so cannot run commands."""
        return self in (Context.FILTER, Context.DIALOG)


class Command(Struct, frozen=True, gc=False):
    """One action of the interface."""

    id: str
    """In kebab case. Used in ``[interface.keys]`` and as the id of the bindings."""

    keys: tuple[str, ...]
    """The default keys by Textual's names (``slash``, ``ctrl+p``, ``O``); may be empty."""

    label: str
    """One or two words, for the footer."""

    tooltip: str
    """One sentence, for the help, the palette and the mouse pointer."""

    context: Context = Context.EVERYWHERE

    also_in: tuple[Context, ...] = ()
    """More contexts that bind the command, since a dialog hides the bindings below it."""

    footer: bool = False
    """Whether the footer shows it, in the order of ``COMMANDS``."""

    palette: bool = True
    """Whether the palette offers it. It offers no cursor movements."""

    priority: bool = False
    """Whether its keys work in dialogs too, except printable keys in a text field."""

    required: bool = False
    """Whether it must keep a key, as help and quit must."""

    @property
    def action(self) -> str:
        """The id as part of a method's name: ``reverse_sort``."""
        return self.id.replace("-", "_")

    def works_in(self, context: Context) -> bool:
        """Return whether its keys are bound in this context."""
        return context is self.context or context in self.also_in


def _movement(id_: str, keys: tuple[str, ...], label: str, tooltip: str) -> Command:
    return Command(id_, keys, label, tooltip, Context.LISTS, palette=False)


def _alerts(id_: str, keys: tuple[str, ...], label: str, tooltip: str) -> Command:
    return Command(id_, keys, label, tooltip, Context.ALERTS, palette=False)


def _columns(id_: str, keys: tuple[str, ...], label: str, tooltip: str) -> Command:
    return Command(id_, keys, label, tooltip, Context.COLUMNS, palette=False)


def _playing(id_: str, key: str, label: str, tooltip: str) -> Command:
    return Command(id_, (key,), label, tooltip, Context.PLAYING)


COMMANDS: tuple[Command, ...] = (
    Command(
        "filter",
        ("slash",),
        "Filter",
        "Find by words, plugs, power or condition: ccs >=150kw free oslo.",
        footer=True,
    ),
    Command("star", ("s",), "Star", "Star or unstar the selected station.", footer=True),
    Command("undo", ("u",), "Undo", "Undo the last star, home, alert or deleted filter."),
    Command("starred-only", ("w",), "Starred", "Show starred stations only, or all.", footer=True),
    Command("faults-only", ("e",), "Faults", "Show stations with a fault only, or all."),
    Command(
        "sort",
        ("o",),
        "Sort",
        "Sort the stations by the next column.",
        Context.STATIONS,
        footer=True,
    ),
    Command("reverse-sort", ("O",), "Reverse", "Reverse the sort order.", Context.STATIONS),
    Command(
        "pin-starred", ("p",), "Pin starred", "Pin starred stations to the top, or unpin them."
    ),
    Command(
        "next-free", ("full_stop",), "Next free", "Go to the next station with a free connector."
    ),
    Command("next-starred", ("asterisk",), "Next starred", "Go to the next starred station."),
    Command(
        "open",
        ("enter",),
        "Open",
        "Show the connectors of the selected station.",
        Context.STATIONS,
        palette=False,
    ),
    Command("alert", ("n",), "Alert", "Notify me when a connector here becomes free.", footer=True),
    Command("alerts", ("N",), "Alerts", "List, edit, pause and remove alerts."),
    _alerts("edit-alert", ("enter",), "Edit alert", "Edit the alert."),
    _alerts(
        "pause-alert",
        ("space",),
        "Pause alert",
        "Pause or resume the alert; arm it again if it fired.",
    ),
    _alerts("remove-alert", ("d", "delete"), "Remove alert", "Remove the alert."),
    _alerts(
        "add-alert", ("a",), "Add alert", "Add an alert for an area: the stations of a filter."
    ),
    Command(
        "log-scope",
        ("l",),
        "Log scope",
        "Log all stations, starred ones, or the selected one.",
        footer=True,
    ),
    Command("show-log", ("v",), "Show log", "Show or hide the event log."),
    Command(
        "select",
        ("enter",),
        "Select",
        "Select the station of this entry.",
        Context.LOG,
        palette=False,
    ),
    Command("map", ("m",), "Map", "Show the selected station on a map."),
    Command("history", ("h",), "History", "Show how busy the selected station usually is."),
    Command("connect", ("c",), "Connect", "Connect to another source."),
    Command("retry", ("r",), "Retry", "Retry the connection now."),
    Command("copy", ("y",), "Copy", "Copy the selected station as text."),
    Command("export-log", ("x",), "Export log", "Export the event log to a file."),
    Command("theme", ("T",), "Theme", "Choose a theme."),
    Command("save-filter", ("S",), "Save filter", "Save the filter."),
    Command(
        "saved-filter",
        ("1", "2", "3", "4", "5", "6", "7", "8", "9"),
        "Saved filter",
        "Apply a saved filter by its number.",
        palette=False,
    ),
    Command(
        "home",
        ("H",),
        "Home",
        "Set this station as home, or remove the home; distances are measured from it.",
    ),
    Command(
        "registered",
        (),
        "Not streamed",
        "Show or hide stations of the register that are not in the stream.",
    ),
    Command(
        "update-register", ("R",), "Register", "Download names, places and plugs of all stations."
    ),
    Command(
        "release-mouse",
        ("M",),
        "Release mouse",
        "Leave the mouse to the terminal, to select text, or take it back.",
    ),
    _playing("pause", "space", "Pause", "Pause or resume the recording."),
    _playing("faster", "plus", "Faster", "Play the recording faster."),
    _playing("slower", "minus", "Slower", "Play the recording slower."),
    _playing("forward", "right_square_bracket", "Forward", "Jump forward ten minutes."),
    _playing("backward", "left_square_bracket", "Back", "Jump back ten minutes."),
    _movement("down", ("down", "j"), "Down", "Move down one line."),
    _movement("up", ("up", "k"), "Up", "Move up one line."),
    _movement("page-down", ("pagedown",), "Page down", "Move down one page."),
    _movement("page-up", ("pageup",), "Page up", "Move up one page."),
    _movement("half-page-down", ("ctrl+d",), "Half page down", "Move down half a page."),
    _movement("half-page-up", ("ctrl+u",), "Half page up", "Move up half a page."),
    _movement("first", ("home", "g"), "First", "Go to the first line."),
    _movement("last", ("end", "G"), "Last", "Go to the last line; in the log, follow new entries."),
    Command(
        "keep-filter",
        ("enter",),
        "Keep",
        "Keep the filter and go to the stations.",
        Context.FILTER,
        palette=False,
    ),
    Command("columns", ("C",), "Columns", "Show, hide and move the columns of the stations."),
    _columns("toggle-column", ("space", "enter"), "Show or hide", "Show or hide the column."),
    _columns("column-up", ("K", "shift+up"), "Move up", "Move it up: further to the left."),
    _columns(
        "column-down",
        ("J", "shift+down"),
        "Move down",
        "Move it down: further to the right.",
    ),
    _columns("reset-columns", ("r",), "Reset", "Show all columns in the usual order."),
    Command("zoom", ("z",), "Zoom", "Enlarge the focused pane, or show all panes again."),
    Command("next-pane", ("tab",), "Next pane", "Go to the next pane.", palette=False),
    Command(
        "previous-pane", ("shift+tab",), "Previous pane", "Go to the previous pane.", palette=False
    ),
    Command(
        "back",
        ("escape",),
        "Back",
        "Go back one step: close a dialog or pane, clear the filter, show all stations.",
        also_in=(Context.FILTER, Context.DIALOG),
        palette=False,
    ),
    Command(
        "diagnostics",
        ("d",),
        "Diagnostics",
        "Show the last unreadable frames, the connection, paths and the environment.",
    ),
    Command("help", ("question_mark", "f1"), "Help", "Show all keys.", footer=True, required=True),
    Command(
        "quit",
        ("q", "ctrl+q", "ctrl+c"),
        "Quit",
        "Quit the program.",
        footer=True,
        priority=True,
        required=True,
    ),
    Command(
        "suspend", ("ctrl+z",), "Suspend", "Suspend the program; fg resumes it.", palette=False
    ),
    Command(
        "palette",
        ("ctrl+p", "colon"),
        "Palette",
        "Find a command or a station by name.",
        palette=False,
        priority=True,
    ),
)
"""In the order of the footer; the commands of a context follow each other."""

_BY_ID = {command.id: command for command in COMMANDS}


def command_by_id(id_: str) -> Command:
    """Return the command with this id. Raise ``KeyError`` if there is none."""
    return _BY_ID[id_]


def is_command(id_: str) -> bool:
    """Return whether there is a command with this id."""
    return id_ in _BY_ID


def for_context(context: Context) -> tuple[Command, ...]:
    """Return the commands whose keys are bound in this context."""
    return tuple(command for command in COMMANDS if command.works_in(context))


def active_in(context: Context) -> tuple[Command, ...]:
    """Return the commands whose keys work while a context has the focus, nearest context first."""
    near = [command for nearer in context.active for command in for_context(nearer)]
    return tuple(dict.fromkeys([*near, *(command for command in COMMANDS if command.priority)]))
