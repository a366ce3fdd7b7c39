"""Takes the secrets out of a whole config file, comments included."""

from __future__ import annotations

import json
import re
import tomllib

from nobil_tui.base.redaction import HIDDEN, MIN_SECRET_LENGTH, SECRET_NAMES, redact_address, redact_addresses
from nobil_tui.config.errors import KeyPath
from nobil_tui.config.model import Config
from nobil_tui.config.toml_spans import Span, TomlSpans

_ADDRESSES: tuple[KeyPath, ...] = (("stream", "source"), ("enova", "address"), ("register", "address"))
_ASSIGNED = re.compile(
    rf"""([\w.-]*(?:{SECRET_NAMES})[\w-]*["']?\s*[=:]\s*)("[^"\n]*"?|'[^'\n]*'?|[^\s,}}]+)""", re.IGNORECASE
)


def redact_config(text: str, config: Config) -> str:
    """Put the sign for a secret wherever the text of a valid config file holds one, commented-out lines included."""
    places = TomlSpans(text)
    changes: dict[Span, str] = {
        span: f'"{HIDDEN}"' for path, span in places.values.items() if path and path[-1] == "api_key"
    }
    for span in places.comments:
        changes[span] = _ASSIGNED.sub(rf'\g<1>"{HIDDEN}"', text[span.start : span.end])
    for path in _ADDRESSES:
        if path in places.values:
            changes[places.values[path]] = _hidden(text[slice(*places.values[path])])
    for span in sorted(changes, reverse=True):
        text = text[: span.start] + changes[span] + text[span.end :]
    secrets = sorted((secret.reveal() for secret in config.secrets), key=len, reverse=True)
    for secret in secrets:
        if len(secret) >= MIN_SECRET_LENGTH:
            text = _spelled(secret).sub(HIDDEN, text)
    return redact_addresses(text)


def _hidden(written: str) -> str:
    """Hide what is secret in an address as it is written in the file, by what it means."""
    address = tomllib.loads(f"x = {written}")["x"]
    hidden = redact_address(address)
    if hidden == address:
        return written
    return written.replace(address, hidden) if address in written else json.dumps(hidden, ensure_ascii=False)


def _spelled(secret: str) -> re.Pattern[str]:
    """Find a text in each of the ways that it can be written: as it is, and as TOML or an address escape it."""
    return re.compile("".join(f"(?:{'|'.join(_ways(character))})" for character in secret))


def _ways(character: str) -> list[str]:
    code = ord(character)
    in_address = "".join(f"%{byte:02x}" for byte in character.encode())
    ways = [re.escape(character), rf"(?i:\\u{code:04x}|\\U{code:08x}|{in_address})"]
    return [*ways, rf"\\{re.escape(character)}"] if character in '"\\' else ways
