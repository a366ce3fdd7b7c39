"""``nobil-tui keys``: add, list and revoke the API keys of the hub's consumers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nobil_tui.base import paths
from nobil_tui.base.text import safe_text
from nobil_tui.cli.click_classes import SuggestingGroup
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail, print_message
from nobil_tui.cli.options import keys_option
from nobil_tui.cli.output import print_text

if TYPE_CHECKING:
    from nobil_tui.hub.api_keys import KeyFile


@click.group("keys", cls=SuggestingGroup)
@keys_option
def keys(keys: Path | None) -> None:
    """Manage the API keys of clients of "nobil-tui serve".

    Each client should have its own. The file has only their hashes; a running hub reads it again
    when it changes, and disconnects clients whose key is revoked.
    """
    del keys  # The subcommands inherit it.


@keys.command()
@click.argument("name")
@keys_option
def add(name: str, keys: Path | None) -> None:
    """Add a key called NAME and print it. It cannot be shown again."""
    from datetime import UTC, datetime

    from nobil_tui.base.files import NotSavedError
    from nobil_tui.hub.api_keys import InvalidKeyNameError, KeyFileError

    try:
        key = _file(keys).add(name, datetime.now(UTC).date().isoformat())
    except (KeyFileError, NotSavedError) as error:
        code = ExitCode.USAGE if isinstance(error, InvalidKeyNameError) else ExitCode.FAILURE
        fail(code, _sentence("No key was added", error))
    print_text(key)
    print_message("Keep this key: it is not stored and cannot be shown again.")


@keys.command("list")
@keys_option
def list_keys(keys: Path | None) -> None:
    """Print the names of the keys and when they were added."""
    from nobil_tui.hub.api_keys import KeyFileError

    try:
        entries = _file(keys).read()
    except KeyFileError as error:
        fail(ExitCode.FAILURE, f"{error}.")
    if not entries:
        print_message('No keys. Add one with "nobil-tui keys add NAME".')
    for entry in entries:
        print_text(f"{safe_text(entry.created, 10):10}  {safe_text(entry.name)}")


@keys.command()
@click.argument("name")
@keys_option
def revoke(name: str, keys: Path | None) -> None:
    """Remove the key called NAME."""
    from nobil_tui.base.files import NotSavedError
    from nobil_tui.hub.api_keys import KeyFileError

    try:
        _file(keys).revoke(name)
    except (KeyFileError, NotSavedError) as error:
        fail(ExitCode.FAILURE, _sentence("No key was revoked", error))
    print_message("Key revoked. A running hub disconnects its clients.")


def _sentence(what: str, error: Exception) -> str:
    reason = str(error)
    return f"{what}: {reason}" if reason.endswith((".", "?")) else f"{what}: {reason}."


def _file(given: Path | None) -> KeyFile:
    from nobil_tui.hub.api_keys import KeyFile

    return KeyFile(given or paths.hub_keys_file())
