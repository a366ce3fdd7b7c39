"""The API keys that consumers send."""

from __future__ import annotations

import hmac
import secrets


def generate_key() -> str:
    """Return a new random key that needs no escaping in a URL."""
    return secrets.token_urlsafe(24)


def same_key(given: str, key: str) -> bool:
    """Return whether two keys are equal, in constant time."""
    return hmac.compare_digest(given.encode(), key.encode())
