"""The view of the last run, as a file: the next start shows it again.

It holds nothing that a user would miss: a file that cannot be read or written is ignored.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.base.files import make_folders, read_regular, replace_file, stamp

MAX_VIEW_SIZE = 16 * 1024
"""The maximum size in bytes; a larger file is not ours."""

logger = logging.getLogger(__name__)

_Text = Annotated[str, Meta(max_length=256)]


class StoredView(Struct, frozen=True, omit_defaults=True):
    """The view of the main screen."""

    filter: _Text = ""
    filters: Annotated[list[_Text], Meta(max_length=30)] = []
    """The last filters, the latest one last."""
    selected: _Text = ""
    """The station that the user selected; empty if the selection follows the top of the list."""
    reverse: bool = False
    """Whether the order is reversed; the order itself is a setting."""
    starred_only: bool = False
    faults_only: bool = False
    registered: bool = False
    """Whether stations that only the register has are listed."""
    wide: bool | None = None
    """Whether the terminal was wide, for which ``log_shown`` holds."""
    log_shown: bool = False


def load_view(path: Path) -> StoredView:
    """Return the view of the last run; the defaults if it is not known."""
    try:
        view = msgspec.json.decode(read_regular(path, MAX_VIEW_SIZE), type=StoredView)
    except FileNotFoundError:
        return StoredView()
    except (OSError, *DECODE_ERRORS) as error:
        logger.warning("view not restored: %s", error)
        return StoredView()
    return (
        view if "".join((view.filter, view.selected, *view.filters)).isprintable() else StoredView()
    )


def save_view(path: Path, view: StoredView) -> None:
    """Write the view."""
    try:
        make_folders(path.parent)
        replace_file(path, msgspec.json.encode(view) + b"\n", stamp(path))
    except OSError as error:
        logger.warning("view not saved: %s", error)
