"""Validate what types cannot express: printable texts, lengths, addresses and key bindings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nobil_tui.base.patterns import LazyPattern
from nobil_tui.config.errors import InvalidValueError, KeyPath
from nobil_tui.config.keymap import parse_keymap
from nobil_tui.config.setting_table import (
    MAX_ADDRESS,
    MAX_API_KEY,
    MAX_NAME,
    SETTINGS,
    Check,
    Setting,
)

_URL_PATH = LazyPattern(r"(?:/[A-Za-z0-9._~-]+)*+/?")
_COLOUR = LazyPattern(r"#[0-9a-fA-F]{6}")


def validate(document: dict[str, Any]) -> None:
    """Raise ``InvalidValueError`` for the first invalid setting of a document of valid types."""
    for setting in SETTINGS:
        path: KeyPath = (*setting.section.split("."), *filter(None, (setting.key,)))
        value = _get(document, path)
        if value is not None:
            _check(setting, path, value)


def _check(setting: Setting, path: KeyPath, value: Any) -> None:
    match setting.check:
        case Check.TYPE:
            pass
        case Check.TEXT:
            for each_path, text in _texts(path, value):
                _check_printable(text, each_path, setting.max_length, empty=setting.may_be_empty)
        case Check.API_KEY:
            _check_api_key(value, path)
        case Check.ADDRESS:
            _check_address(value, path, "http", "https")
        case Check.STREAM_ADDRESS:
            _check_address(value, path, "ws", "wss")
        case Check.URL_PATH:
            if len(value) > setting.max_length or not _URL_PATH.fullmatch(value):
                raise InvalidValueError(path, "is not a path; expected one such as /nobil.")
        case Check.DEGREES:
            for index, degrees in enumerate(value):
                # The range of the type lets nan through.
                if degrees != degrees:
                    raise InvalidValueError((*path, index), "is not a number; expected degrees.")
        case Check.KEYMAP:
            parse_keymap(value)
        case Check.NAMED_TEXTS:
            for name, text in value.items():
                _check_printable(name, (*path, name), MAX_NAME, "has a name that")
                _check_printable(text, (*path, name), setting.max_length)
        case Check.THEMES:
            for name, theme in value.items():
                _check_printable(name, (*path, name), MAX_NAME, "has a name that")
                for colour, text in theme.items():
                    if colour != "dark" and text and not _COLOUR.fullmatch(text):
                        raise InvalidValueError(
                            (*path, name, colour), "is not a colour; expected one like #0e1218."
                        )
        case Check.COMMAND | Check.ALERTS:
            # Most configs have neither, and filters take time to import.
            from nobil_tui.config import alert_validation

            if setting.check is Check.COMMAND:
                alert_validation.validate_command(value, path)
            else:
                alert_validation.validate_rules(value, path)


def _get(document: dict[str, Any], path: KeyPath) -> Any:
    value: Any = document
    for part in path:
        if part not in value:
            return None
        value = value[part]
    return value


def _texts(path: KeyPath, value: str | list[str]) -> Iterable[tuple[KeyPath, str]]:
    if isinstance(value, str):
        return [(path, value)]
    return [((*path, index), text) for index, text in enumerate(value)]


def _check_printable(
    text: str, path: KeyPath, max_length: int, subject: str = "", *, empty: bool = False
) -> None:
    """Raise unless a text is printable and neither too long nor, if not allowed, blank."""
    subject = f"{subject} " if subject else ""
    if not text.strip() and (text or not empty):
        raise InvalidValueError(path, f"{subject}is empty; expected 1 to {max_length} characters.")
    if len(text) > max_length:
        words = f"has {len(text)} characters; expected at most {max_length}."
        raise InvalidValueError(path, f"{subject}{words}")
    if not text.isprintable():
        words = "contains a character that cannot be printed; expected printable text."
        raise InvalidValueError(path, f"{subject}{words}")


def _check_api_key(text: str, path: KeyPath) -> None:
    """Raise unless a text can be sent in a header or an address. Errors do not quote it."""
    if len(text) > MAX_API_KEY:
        words = f"has {len(text)} characters; expected at most {MAX_API_KEY}."
        raise InvalidValueError(path, words)
    if not (text.isascii() and text.isprintable()) or " " in text:
        words = (
            "contains a space, a control character or a non-ASCII character; expected an API key."
        )
        raise InvalidValueError(path, words)


def _check_address(text: str, path: KeyPath, *schemes: str) -> None:
    """Raise unless a text is empty or an address with one of two schemes.

    Errors do not quote it, since it may contain a secret.
    """
    if not text:
        return
    _check_printable(text, path, MAX_ADDRESS)
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        # Reading an invalid port raises.
        valid = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or " " in text:
        raise InvalidValueError(
            path, f"is not an address; expected {schemes[0]}://… or {schemes[1]}://…."
        )
    if parts.username is not None or parts.password is not None:
        words = "contains a user name or a password; expected an address without them."
        raise InvalidValueError(path, words)
