"""Takes secrets out of texts: out of an address, and out of a whole config file, comments included."""

from __future__ import annotations

import re

from nobil_tui.config.locator import Places, Span
from nobil_tui.config.model import HIDDEN, Config

_PARAMETER = re.compile(
    r"""([?&;][\w.~-]*(?:key|token|secret|passw|sig)[\w.~-]*=)(?!\{private_apikey\})[^&;#\s"'\\]+""", re.IGNORECASE
)
_PASSWORD = re.compile(r"""(\w://)[^/@\s"'?#]+@""")
_ASSIGNED = re.compile(
    r"""([\w.-]*(?:key|token|secret|passw)[\w-]*["']?\s*[=:]\s*)("[^"\n]*"?|'[^'\n]*'?|[^\s,}]+)""", re.IGNORECASE
)
_LEAST = 6
"""Characters of a secret that is looked for elsewhere in the file: a shorter one is part of too many words."""


def hide_in_address(text: str) -> str:
    """Put the sign for a secret where an address holds one: a key in its query, a password before its host."""
    return _PASSWORD.sub(rf"\g<1>{HIDDEN}@", _PARAMETER.sub(rf"\g<1>{HIDDEN}", text))


def hide_in_file(text: str, config: Config) -> str:
    """Put the sign for a secret wherever the text of a valid config file holds one, commented-out lines included."""
    places = Places(text)
    changes: dict[Span, str] = {
        span: f'"{HIDDEN}"' for path, span in places.values.items() if path and path[-1] == "api_key"
    }
    for span in places.comments:
        comment = text[span.start : span.end]
        changes[span] = _ASSIGNED.sub(rf'\g<1>"{HIDDEN}"', comment)
    for span in sorted(changes, reverse=True):
        text = text[: span.start] + changes[span] + text[span.end :]
    for secret in sorted((secret.reveal() for secret in config.secrets), key=len, reverse=True):
        if len(secret) >= _LEAST:
            text = text.replace(secret, HIDDEN)
    return hide_in_address(text)


def goes_in_clear(address: str) -> bool:
    """Whether what is sent to an http address can be read on the way: it is not encrypted and not this machine."""
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    host = parts.hostname or ""
    return parts.scheme == "http" and host not in ("localhost", "::1") and not host.startswith("127.")
