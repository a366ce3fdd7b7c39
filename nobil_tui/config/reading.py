"""Read the config file. Errors name the line, and an invalid file is not used at all."""

from __future__ import annotations

import os
import stat as stat_bits
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from nobil_tui.base.decoding import BOM
from nobil_tui.base.files import stamp
from nobil_tui.base.patterns import LazyPattern
from nobil_tui.base.redaction import is_unencrypted, keys_in_address
from nobil_tui.base.text import safe_path, safe_text
from nobil_tui.config.errors import ConfigError, InvalidValueError
from nobil_tui.config.model import ADDRESS_KEYS, Config, secret_from_text
from nobil_tui.config.validation import validate

__all__ = ["ConfigError", "config_warnings", "load_config", "stamp"]

MAX_CONFIG_BYTES = 1024 * 1024
"""The maximum size of a config file, in bytes."""

_WHERE = LazyPattern(r"\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)\s*$")

_MANY_DOTS = 16
"""A line with this many dots may have a key of too many parts."""
_LONG_NUMBER = LazyPattern(r"[0-9_]{4000}")


def load_config(path: Path) -> Config:
    """Read a config; the defaults if the file is missing. Raise ``ConfigError``."""
    content = read_config_file(path)
    return Config() if content is None else parse_config(path, content)[1]


def is_config_away(content: bytes | None, known: bytes) -> bool:
    """Return whether a file is missing (None) or empty that contained ``known``."""
    return not (content or b"").strip() and bool(known.strip())


def config_warnings(path: Path, config: Config) -> list[str]:
    """Return warnings about a valid config, each with what to do."""
    warnings = []
    keys = any(config.api_key(section) is not None for section in ADDRESS_KEYS)
    mode = _mode(path) if keys or any(map(keys_in_address, config.addresses)) else None
    if mode is not None and mode & 0o044:
        words = (
            f"{safe_path(path)} holds an API key, and others on this machine can read it (mode "
            f"{mode:04o})."
        )
        warnings.append(f"{words} Run: chmod 600 on it.")
    for section, address_key in ADDRESS_KEYS.items():
        address: str = getattr(getattr(config, section), address_key)
        # A source may be a WebSocket address, which its own warning covers.
        if (
            address_key == "address"
            and config.api_key(section) is not None
            and is_unencrypted(address)
        ):
            warnings.append(
                f"[{section}] address is http: its key goes over the network unencrypted. Use "
                "https."
            )
    return warnings


def read_config_file(path: Path) -> bytes | None:
    """Read the bytes of a config file; None if it is missing. Raise ``ConfigError``."""
    try:
        mode = path.stat().st_mode
        if not stat_bits.S_ISREG(mode):
            # Compare the files: a relative path cannot be resolved if its directory was deleted.
            if path.samefile(os.devnull):
                return b""
            what = "a directory" if stat_bits.S_ISDIR(mode) else "not an ordinary file"
            raise ConfigError(f"{safe_path(path)}: is {what}; expected a TOML file.")
        with path.open("rb") as file:
            content = file.read(MAX_CONFIG_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{safe_path(path)}: cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ConfigError(f"{safe_path(path)}: is not a file name.") from None
    if len(content) > MAX_CONFIG_BYTES:
        raise ConfigError(
            f"{safe_path(path)}: is larger than {MAX_CONFIG_BYTES // 1024} KiB; expected a "
            "file that is written by hand."
        )
    return content


def parse_config(path: Path, content: bytes) -> tuple[dict[str, Any], Config]:
    """Parse the bytes of a file into a document and a config. Raise ``ConfigError`` with the
    line."""
    text = decode_config(path, content)
    _check_keys(path, text)
    document = _document(path, text)
    try:
        return document, config_from_document(document)
    except InvalidValueError as error:
        from nobil_tui.config.toml_spans import TomlSpans

        raise ConfigError(
            f"{safe_path(path)}:{TomlSpans(text).line(error.path)}: {error}"
        ) from None


def config_from_document(document: dict[str, Any]) -> Config:
    """Convert a TOML document to a config. Raise ``InvalidValueError``."""
    try:
        config = msgspec.convert(document, Config, dec_hook=secret_from_text)
    except (msgspec.ValidationError, RecursionError):
        config = None
    if config is None:
        from nobil_tui.config.diagnostics import first_mismatch

        raise first_mismatch(document)
    validate(document)
    return config


def decode_config(path: Path, content: bytes) -> str:
    """Decode the bytes of a file without a byte order mark. Raise ``ConfigError``."""
    body = content.removeprefix(BOM)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        hint = " It looks like UTF-16." if body[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        raise ConfigError(
            f"{safe_path(path)}:{line}: is not UTF-8 text; save it as UTF-8.{hint}"
        ) from None


def _check_keys(path: Path, text: str) -> None:
    """Refuse keys that would keep the parser busy for minutes."""
    # Few files have such a line, so few need the import.
    if all(line.count(".") < _MANY_DOTS for line in text.split("\n")):
        return
    from nobil_tui.config.toml_spans import MAX_KEY_PARTS, deep_key

    start = deep_key(text)
    if start is not None:
        line = text.count("\n", 0, start) + 1
        raise ConfigError(
            f"{safe_path(path)}:{line}: has a key of more than {MAX_KEY_PARTS} parts; expected a "
            "key such as stream.source."
        )


def _document(path: Path, text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _not_toml(path, text, str(error))
    except RecursionError:
        raise ConfigError(
            f"{safe_path(path)}: is nested too deeply; expected tables of simple values."
        ) from None
    except ValueError:
        # Python does not convert integers of more than 4,300 digits. The parser does not say where
        # they are.
        raise ConfigError(
            f"{safe_path(path)}:{_line_of_long_number(text)}: holds a number of too many digits."
        ) from None


def _not_toml(path: Path, text: str, words: str) -> NoReturn:
    """Raise ``ConfigError`` for a syntax error. tomllib's messages never quote a value."""
    where = _WHERE.search(words)
    line, column = (where["line"], where["column"]) if where else ("1", None)
    if where and line is None:
        line = str(text.rstrip().count("\n") + 1)
    reason = safe_text(words[: where.start()].rstrip() if where else words, most=160)
    if reason == "Invalid value":
        reason += "; expected a text in quotes, a number, true, false or a list"
    at = f" at column {column}" if column else ""
    raise ConfigError(f"{safe_path(path)}:{line}: is not TOML{at}: {reason}.") from None


def _line_of_long_number(text: str) -> int:
    found = _LONG_NUMBER.search(text)
    return text.count("\n", 0, found.start()) + 1 if found is not None else 1


def _mode(path: Path) -> int | None:
    """Return the permissions of a file; None on systems without them."""
    if os.name != "posix":
        return None
    try:
        return stat_bits.S_IMODE(path.stat().st_mode)
    except (OSError, ValueError):
        return None
