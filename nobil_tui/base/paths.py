"""Where things are kept on this machine, by its own customs. Nothing is made here."""

from __future__ import annotations

from pathlib import Path

APP_NAME = "nobil-tui"


def expand_user(text: str) -> Path:
    """Return the path that ``text`` means, with ``~`` expanded as a shell does."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        # No such user.
        return Path(text)


def config_file() -> Path:
    """The config file, where none is named."""
    from platformdirs import user_config_path

    return user_config_path(APP_NAME, appauthor=False) / "config.toml"


def log_file() -> Path:
    """The log file."""
    from platformdirs import user_log_path

    return user_log_path(APP_NAME, appauthor=False) / f"{APP_NAME}.log"


def state_dir() -> Path:
    """The folder of what outlasts a session."""
    from platformdirs import user_state_path

    return user_state_path(APP_NAME, appauthor=False)


def cache_dir() -> Path:
    """The folder of what can be fetched again."""
    from platformdirs import user_cache_path

    return user_cache_path(APP_NAME, appauthor=False)


def register_file() -> Path:
    """The station register, as it was last fetched."""
    return cache_dir() / "register.msgpack"
