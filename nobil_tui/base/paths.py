"""The paths of the program's files, by the conventions of the platform. Creates nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, MutableMapping
from itertools import islice
from pathlib import Path

from nobil_tui.base.text import did_you_mean, safe_text

APP_NAME = "nobil-tui"
MAX_SIMILAR = 1000
"""The most files of a folder that are compared with the name of a missing one."""


class NoHomeError(Exception):
    """The user has no home folder, and no variable names another place. The message is safe to
    show."""

    def __init__(self) -> None:
        super().__init__("There is no home folder. Set HOME to the absolute path of one.")


def drop_relative_folders(environ: MutableMapping[str, str]) -> None:
    """Remove the variables that name the user's folders and hold no absolute path.

    Then the home folder of the user database applies, or the default of the XDG convention.
    """
    for name in ("HOME", *(f"XDG_{each}_HOME" for each in ("CONFIG", "STATE", "CACHE", "DATA"))):
        if name in environ and not Path(environ[name]).is_absolute():
            del environ[name]


def expand_user(text: str) -> Path:
    """Return the path that ``text`` means, with ``~`` expanded as a shell does."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        # No such user.
        return Path(text)


def similar_file(path: Path) -> str:
    """Return a sentence that suggests a file of the same folder for a path that does not exist,
    after a space; empty if none is similar."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, MAX_SIMILAR) if entry.is_file()]
    except OSError:
        return ""
    # What is suggested is printed, and a file may have any name.
    names = [name for name in names if safe_text(name, len(name)) == name]
    return did_you_mean(path.name, names)


def if_home(path: Callable[[], Path]) -> Path | None:
    """Call a function of this module; return None if there is no home folder."""
    try:
        return path()
    except NoHomeError:
        return None


# Each raises ``NoHomeError``.


def config_file() -> Path:
    """Return the default path of the config file."""
    from platformdirs import user_config_path

    return _folder(user_config_path) / "config.toml"


def log_file() -> Path:
    """Return the path of the log file."""
    from platformdirs import user_log_path

    return _folder(user_log_path) / f"{APP_NAME}.log"


def state_dir() -> Path:
    """Return the directory of the persistent state."""
    from platformdirs import user_state_path

    return _folder(user_state_path)


def cache_dir() -> Path:
    """Return the directory of data that can be downloaded again."""
    from platformdirs import user_cache_path

    return _folder(user_cache_path)


def history_file() -> Path:
    """Return the default history."""
    from platformdirs import user_data_path

    return _folder(user_data_path) / "history.sqlite"


def register_file() -> Path:
    """Return the path of the cached station register."""
    return cache_dir() / "register.msgpack"


def hub_keys_file() -> Path:
    """Return the default file of the API keys of the hub's consumers."""
    return config_file().with_name("hub-keys.json")


def hub_key_file() -> Path:
    """Return the file of the API key of a hub that only this machine can reach."""
    return state_dir() / "hub-key"


def _folder(of: Callable[..., Path]) -> Path:
    try:
        folder = of(APP_NAME, appauthor=False)
    except RuntimeError as error:
        raise NoHomeError from error
    # Some releases leave "~" as it is.
    if not folder.is_absolute():
        raise NoHomeError
    return folder
