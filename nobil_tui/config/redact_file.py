"""Redact the secrets in the text of a config file, comments included."""

from __future__ import annotations

import json
import re
import tomllib

from nobil_tui.base.redaction import (
    HIDDEN,
    MIN_SECRET_LENGTH,
    is_secret_name,
    redact_address,
    redact_addresses,
)
from nobil_tui.config.errors import KeyPath
from nobil_tui.config.model import ADDRESSES, Config
from nobil_tui.config.toml_spans import Span, TomlSpans

_ADDRESSES: tuple[KeyPath, ...] = ADDRESSES
_ASSIGNMENT = re.compile(
    r"""
    (?P<before> (?<![\w.-]) (?P<name>[\w.-]++) ["']? \s*+ [=:] \s*+ )
    (?: "[^"\n]*+"? | '[^'\n]*+'? | [^\s,}]++ )
    """,
    re.VERBOSE,
)
"""A name and its value in a comment. Names are matched from their first letter only and nothing
backtracks, so the search takes linear time."""


def redact_config(text: str, config: Config) -> str:
    """Replace every secret in the text of a valid config file, in commented-out lines too."""
    spans = TomlSpans(text)
    changes: dict[Span, str] = {
        span: f'"{HIDDEN}"' for path, span in spans.values.items() if path and path[-1] == "api_key"
    }
    for span in spans.comments:
        changes[span] = _ASSIGNMENT.sub(_redact_assignment, text[span.start : span.end])
    for path in _ADDRESSES:
        if path in spans.values:
            changes[spans.values[path]] = _redact_value(text[slice(*spans.values[path])])
    text = _replace(text, changes)
    secrets = sorted((secret.reveal() for secret in config.secrets), key=len, reverse=True)
    for secret in secrets:
        if len(secret) >= MIN_SECRET_LENGTH:
            text = _spellings(secret).sub(HIDDEN, text)
    return redact_addresses(text)


def _replace(text: str, changes: dict[Span, str]) -> str:
    """Replace spans, which do not overlap, in one pass."""
    parts, end = [], 0
    for span in sorted(changes):
        parts += [text[end : span.start], changes[span]]
        end = span.end
    return "".join([*parts, text[end:]])


def _redact_assignment(assignment: re.Match[str]) -> str:
    # Of a dotted name, the last part says what the value is.
    if is_secret_name(assignment["name"].rpartition(".")[2]):
        return f'{assignment["before"]}"{HIDDEN}"'
    return assignment[0]


def _redact_value(written: str) -> str:
    """Redact an address as written in the file, quotes included."""
    address = tomllib.loads(f"x = {written}")["x"]
    redacted = redact_address(address)
    if redacted == address:
        return written
    if address in written:
        return written.replace(address, redacted)
    # The file spells the address with escapes.
    return json.dumps(redacted, ensure_ascii=False)


def _spellings(secret: str) -> re.Pattern[str]:
    """Return a pattern that finds a secret as it is, and as TOML and URLs may escape it."""
    return re.compile("".join(f"(?:{'|'.join(_ways(character))})" for character in secret))


def _ways(character: str) -> list[str]:
    """Return the patterns of the spellings of one character."""
    code = ord(character)
    in_url = "".join(f"%{byte:02x}" for byte in character.encode())
    ways = [re.escape(character), rf"(?i:\\u{code:04x}|\\U{code:08x}|{in_url})"]
    return [*ways, rf"\\{re.escape(character)}"] if character in '"\\' else ways
