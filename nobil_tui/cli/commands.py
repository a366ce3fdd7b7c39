"""The table of the commands of the command line."""

from __future__ import annotations

from nobil_tui.cli.click_classes import LazyCommand

CLI_COMMANDS: dict[str, LazyCommand] = {
    "list": LazyCommand("nobil_tui.cli.list", "Print the stations that match a filter."),
    "status": LazyCommand("nobil_tui.cli.status", "Print the state of stations once."),
    "wait": LazyCommand(
        "nobil_tui.cli.wait", "Wait until a station is free, has a fault or works."
    ),
    "watch": LazyCommand("nobil_tui.cli.watch", "Watch for alerts without a screen."),
    "tail": LazyCommand("nobil_tui.cli.tail", "Print changes as JSON Lines."),
    "record": LazyCommand("nobil_tui.cli.record", "Record a source to a file."),
    "register": LazyCommand(
        "nobil_tui.cli.register", "Fetch names, places and plugs of the stations."
    ),
    "history": LazyCommand("nobil_tui.cli.history", "Show, export or import what was observed."),
    "serve": LazyCommand("nobil_tui.cli.serve", "Serve a source with the stream API."),
    "relay": LazyCommand("nobil_tui.cli.relay", "Publish a source into NATS, for many hubs."),
    "keys": LazyCommand("nobil_tui.cli.keys", "Manage the API keys of clients of serve."),
    "config": LazyCommand("nobil_tui.cli.config", "Show or create the config file."),
    "completion": LazyCommand("nobil_tui.cli.completion", "Print a shell completion script."),
}
"""Each command by its name, in the order of ``--help``."""
