"""Reads the config file. What is wrong with it is told with its line, and nothing of it is used."""

from __future__ import annotations

import os
import re
import stat as stat_bits
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from nobil_tui.base.files import stamp
from nobil_tui.base.redaction import goes_in_clear, keys_in
from nobil_tui.base.text import shown, shown_path
from nobil_tui.config.errors import ConfigError, MisfitError
from nobil_tui.config.model import Config, secret_from_text
from nobil_tui.config.validation import judge

__all__ = ["ConfigError", "cautions", "load", "stamp"]

MOST_BYTES = 1024 * 1024
"""What a config file may have."""

_WHERE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)\s*$")
_MARK = b"\xef\xbb\xbf"
"""What some editors put before UTF-8."""


def load(path: Path) -> Config:
    """Read a config; defaults where there is no file. Raises ``ConfigError``."""
    content = read(path)
    return Config() if content is None else understood(path, content)[1]


def cautions(path: Path, config: Config) -> list[str]:
    """Tell what a user should know about a config that is valid: a sentence or two each, with what to do."""
    warnings = []
    keys = any(keyed.api_key is not None for keyed in (config.stream, config.enova, config.register))
    mode = _mode(path) if keys or any(map(keys_in, config.addresses)) else None
    if mode is not None and mode & 0o044:
        words = f"{shown_path(path)} holds an API key, and others on this machine can read it (mode {mode:04o})."
        warnings.append(f"{words} Run: chmod 600 on it.")
    for section, keyed in (("enova", config.enova), ("register", config.register)):
        if keyed.api_key is not None and goes_in_clear(keyed.address):
            warnings.append(f"[{section}] address is http: its key goes over the network unencrypted. Use https.")
    return warnings


def read(path: Path) -> bytes | None:
    """Read the bytes of a config file; None where there is none. Raises ``ConfigError``."""
    try:
        mode = path.stat().st_mode
        if not stat_bits.S_ISREG(mode):
            if os.path.realpath(path) == os.devnull:
                return b""
            what = "a folder" if stat_bits.S_ISDIR(mode) else "not an ordinary file"
            raise ConfigError(f"{shown_path(path)}: is {what}; expected a TOML file.")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{shown_path(path)}: cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ConfigError(f"{shown_path(path)}: is no file name.") from None
    if len(content) > MOST_BYTES:
        raise ConfigError(f"{shown_path(path)}: is larger than {MOST_BYTES // 1024} KiB; expected a TOML file by hand.")
    return content


def understood(path: Path, content: bytes) -> tuple[dict[str, Any], Config]:
    """Make a document and a config of a file's bytes. Raises ``ConfigError`` with the line."""
    text = text_of(path, content)
    document = _document(path, text)
    try:
        return document, config_of(document)
    except MisfitError as error:
        from nobil_tui.config.toml_spans import Places

        raise ConfigError(f"{shown_path(path)}:{Places(text).line(error.path)}: {error}") from None


def config_of(document: dict[str, Any]) -> Config:
    """Make a config of a TOML document. Raises ``MisfitError``."""
    try:
        config = msgspec.convert(document, Config, dec_hook=secret_from_text)
    except (msgspec.ValidationError, RecursionError):
        config = None
    if config is None:
        from nobil_tui.config.diagnostics import misfit

        raise misfit(document)
    judge(document)
    return config


def text_of(path: Path, content: bytes) -> str:
    """Decode a file's bytes, without the mark that some editors put first. Raises ``ConfigError``."""
    body = content.removeprefix(_MARK)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        hint = " It looks like UTF-16." if body[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        raise ConfigError(f"{shown_path(path)}:{line}: is not UTF-8 text; save it as UTF-8.{hint}") from None


def _document(path: Path, text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _not_toml(path, text, str(error))
    except RecursionError:
        raise ConfigError(f"{shown_path(path)}: is nested too deeply; expected tables of simple values.") from None


def _not_toml(path: Path, text: str, words: str) -> NoReturn:
    """Tell a syntax error. Its words name a kind of mistake, a character or a key, and never a value."""
    where = _WHERE.search(words)
    line, column = (where["line"], where["column"]) if where else ("1", None)
    if where and line is None:
        line = str(text.rstrip().count("\n") + 1)
    reason = shown(words[: where.start()] if where else words, most=160)
    if reason == "Invalid value":
        reason += "; expected a text in quotes, a number, true, false or a list"
    at = f" at column {column}" if column else ""
    raise ConfigError(f"{shown_path(path)}:{line}: is not TOML{at}: {reason}.") from None


def _mode(path: Path) -> int | None:
    """A file's permissions; None where there are none to speak of."""
    if os.name != "posix":
        return None
    try:
        return stat_bits.S_IMODE(path.stat().st_mode)
    except (OSError, ValueError):
        return None
