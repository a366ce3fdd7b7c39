"""Show a config with its keys hidden, and write a first one."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path

from nobil_tui.base.files import NotSavedError, create_file, make_folders, translating_errors
from nobil_tui.base.text import safe_path
from nobil_tui.config.reading import decode_config, parse_config, read_config_file
from nobil_tui.config.redact_file import redact_config
from nobil_tui.config.setting_table import SETTINGS, Setting

_HEADER = (
    "# The config of nobil-tui. Lines that begin with # are comments: they show the defaults.\n"
)


def _block(setting: Setting) -> str:
    """Return the commented-out lines of one setting."""
    example = f"{setting.key} = {setting.example}" if setting.key else setting.example
    lines = [*setting.comment.split("\n"), *example.split("\n")]
    return "".join(f"# {line}\n" for line in lines)


TEMPLATE = "\n".join(
    [
        _HEADER,
        *(
            f"[{section}]\n" + "".join(map(_block, settings))
            for section, settings in groupby(SETTINGS, key=lambda setting: setting.section)
        ),
    ]
)
"""A config of comments: every setting once, with its default if it has one."""


def show_config(path: Path) -> str:
    """Return the text of a config file with its secrets hidden; the defaults if it is missing.

    Raise ``ConfigError`` if the file is not valid.
    """
    content = read_config_file(path)
    if content is None:
        return f"# {safe_path(path)} does not exist. These are the defaults.\n\n{TEMPLATE}"
    _, config = parse_config(path, content)
    return redact_config(decode_config(path, content), config)


def init_config(path: Path) -> None:
    """Write a config of comments, for this user only.

    Raise ``NotSavedError``, also if the file exists.
    """
    with translating_errors(path):
        # Raises for a relative path if the working directory was deleted.
        target = Path(os.path.realpath(path))
        make_folders(target.parent)
        try:
            create_file(target, TEMPLATE.encode())
        except FileExistsError:
            raise NotSavedError(f"{safe_path(path)} already exists and was not changed.") from None
