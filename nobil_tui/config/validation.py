"""What types cannot say of a config: texts that are printable and of a length, addresses, positions and keys."""

from __future__ import annotations

from typing import Any

from nobil_tui.config.errors import InvalidValueError, KeyPath
from nobil_tui.config.keymap import parse_keymap
from nobil_tui.config.model import ADDRESS_KEYS

MAX_ID = 64
MAX_NAME = 64
MAX_FILTER = 256
MAX_ADDRESS = 2048
MAX_API_KEY = 1024


def validate(document: dict[str, Any]) -> None:
    """Raise ``InvalidValueError`` for the first part of a document, right in its types, that is not what it must be."""
    for index, station in enumerate(_get(document, "watched", "stations", [])):
        _printable(station, ("watched", "stations", index), MAX_ID)
    _printable(_get(document, "stream", "source", ""), ("stream", "source"), MAX_ADDRESS, least=0)
    for section, address_key in ADDRESS_KEYS.items():
        _key(_get(document, section, "api_key", ""), (section, "api_key"))
        if address_key == "address":
            _address(_get(document, section, "address", ""), (section, "address"))
    for index, degrees in enumerate(_get(document, "home", "position", [])):
        # A range lets nan through where a number is only compared.
        if degrees != degrees:
            raise InvalidValueError(("home", "position", index), "is not a number; expected degrees.")
    for name, words in document.get("filters", {}).items():
        path: KeyPath = ("filters", name)
        _printable(name, path, MAX_NAME, "has a name that")
        _printable(words, path, MAX_FILTER)
    _printable(_get(document, "interface", "theme", ""), ("interface", "theme"), MAX_NAME, least=0)
    parse_keymap(_get(document, "interface", "keys", {}))


def _get(document: dict[str, Any], section: str, key: str, missing: Any) -> Any:
    return document.get(section, {}).get(key, missing)


def _printable(text: str, path: KeyPath, most: int, subject: str = "", *, least: int = 1) -> None:
    subject = f"{subject} " if subject else ""
    if not text.strip() and (least or text):
        raise InvalidValueError(path, f"{subject}is empty; expected 1 to {most} characters.")
    if len(text) > most:
        raise InvalidValueError(path, f"{subject}has {len(text)} characters; expected at most {most}.")
    if not text.isprintable():
        raise InvalidValueError(path, f"{subject}has a control character or the like; expected printable text.")


def _key(text: str, path: KeyPath) -> None:
    """An API key goes into a header or an address: nothing else gets there whole. Its text is never told."""
    if len(text) > MAX_API_KEY:
        raise InvalidValueError(path, f"has {len(text)} characters; expected at most {MAX_API_KEY}.")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise InvalidValueError(path, "has a blank, a control character or a letter that is not ASCII; expected a key.")


def _address(text: str, path: KeyPath) -> None:
    """An address that overrides another. Its text is not told: it may hold a secret."""
    if not text:
        return
    _printable(text, path, MAX_ADDRESS)
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        # A port that is none is noticed when it is asked for.
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and " " not in text
    except ValueError:
        whole = False
    if not whole:
        raise InvalidValueError(path, "is no address; expected http://… or https://….")
    if parts.username is not None or parts.password is not None:
        raise InvalidValueError(path, "has a name or a password in it; expected an address without.")
