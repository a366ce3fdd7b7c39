"""The paths of the program's files, by the conventions of the platform. Creates nothing."""

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
    """Return the default path of the config file."""
    from platformdirs import user_config_path

    return user_config_path(APP_NAME, appauthor=False) / "config.toml"


def log_file() -> Path:
    """Return the path of the log file."""
    from platformdirs import user_log_path

    return user_log_path(APP_NAME, appauthor=False) / f"{APP_NAME}.log"


def state_dir() -> Path:
    """Return the directory of the persistent state."""
    from platformdirs import user_state_path

    return user_state_path(APP_NAME, appauthor=False)


def cache_dir() -> Path:
    """Return the directory of data that can be downloaded again."""
    from platformdirs import user_cache_path

    return user_cache_path(APP_NAME, appauthor=False)


def history_file() -> Path:
    """Return the default history."""
    from platformdirs import user_data_path

    return user_data_path(APP_NAME, appauthor=False) / "history.sqlite"


def register_file() -> Path:
    """Return the path of the cached station register."""
    return cache_dir() / "register.msgpack"


def hub_keys_file() -> Path:
    """Return the default file of the API keys of the hub's consumers."""
    return config_file().with_name("hub-keys.json")


def hub_key_file() -> Path:
    """Return the file of the API key of a hub that only this machine can reach."""
    return state_dir() / "hub-key"
