"""What the screen showed last, as a file: it is shown again at the next start.

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
"""Bytes; a larger file is not ours."""

logger = logging.getLogger(__name__)

_Text = Annotated[str, Meta(max_length=256)]


class StoredView(Struct, frozen=True, omit_defaults=True):
    """What the main screen shows."""

    filter: _Text = ""
    filters: Annotated[list[_Text], Meta(max_length=30)] = []
    """The filters that were used, the latest last."""
    selected: _Text = ""
    """The station that the user selected; empty if the selection follows the top of the list."""
    reverse: bool = False
    """Whether the order is reversed; the order itself is a setting."""
    starred_only: bool = False
    faults_only: bool = False
    registered: bool = False
    """Whether stations are listed that only the register knows."""
    wide: bool | None = None
    """Whether the terminal was wide, for which ``log_shown`` holds."""
    log_shown: bool = False


def load_view(path: Path) -> StoredView:
    """Return what the screen showed last; the defaults if it is not known."""
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
    """Write what the screen shows."""
    try:
        make_folders(path.parent)
        replace_file(path, msgspec.json.encode(view) + b"\n", stamp(path))
    except OSError as error:
        logger.warning("view not saved: %s", error)
