"""Shows a config without its keys, and makes a first one."""

from __future__ import annotations

import os
from pathlib import Path

from nobil_tui.base.files import NotSavedError, create_file, make_folders, translating_errors
from nobil_tui.base.text import one_of, safe_path
from nobil_tui.config.model import Country, LogScope
from nobil_tui.config.reading import decode_config, parse_config, read_config_file
from nobil_tui.config.redact_file import redact_config
from nobil_tui.search.sorting import Sort

TEMPLATE = f"""\
# The config of nobil-tui. Lines that begin with # do nothing: they show the defaults.

[watched]
# Starred stations, by id. The program adds to this list when you press s.
# stations = []

[stream]
# Where reports come from: the ws:// or wss:// address of a server, or the name of a source.
# Left empty, a simulation runs.
# source = ""
# The key for it. The variable NOBIL_API_KEY goes before this one.
# api_key = ""

[enova]
# The key for NOBIL Real-time by Enova.
# api_key = ""
# An address to use in place of the usual one.
# address = ""

[register]
# The key for the station register: names, places and plugs. The variable NOBIL_REGISTER_KEY goes before this one.
# api_key = ""
# Whose stations to fetch: {one_of(Country)}, or both.
# countries = ["NOR", "SWE"]
# An address to use in place of the usual one.
# address = ""

[home]
# Latitude and longitude in degrees, to count distances from. There is no default; this is Oslo.
# position = [59.91, 10.75]

[filters]
# Saved filters: a name, and the words to look for.
# "Fast in Oslo" = "oslo ccs"

[interface]
# A theme; left empty, the usual one.
# theme = ""
# The order of the stations: {one_of(Sort)}.
# sort = "starred"
# Draw with ASCII only.
# ascii = false
# Whose changes the event log shows: {one_of(LogScope)}.
# log_scope = "all"
# Keep starred stations on top of every order.
# pin_starred = true

[interface.keys]
# Keys by the id of a command: one key, several, or none.
# star = ["s", "f2"]
# theme = "t"
# export-log = []
"""
"""A config of comments: every key once, with its default where it has one."""


def show_config(path: Path) -> str:
    """Return the text of a config file with its keys hidden, or the defaults where there is no file.

    Raises ``ConfigError`` where the file is not valid.
    """
    content = read_config_file(path)
    if content is None:
        return f"# {safe_path(path)} does not exist. These are the defaults.\n\n{TEMPLATE}"
    _, config = parse_config(path, content)
    return redact_config(decode_config(path, content), config)


def init_config(path: Path) -> None:
    """Write a config of comments, for this user alone. Raises ``NotSavedError``, also where there is a file already."""
    target = Path(os.path.realpath(path))
    with translating_errors(path):
        make_folders(target.parent)
        try:
            create_file(target, TEMPLATE.encode())
        except FileExistsError:
            raise NotSavedError(f"{safe_path(path)} is there already, and was left as it is.") from None
