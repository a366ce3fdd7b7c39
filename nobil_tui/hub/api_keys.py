"""The keys that consumers show."""

from __future__ import annotations

import hmac
import secrets


def generate_key() -> str:
    """Make a new key, of characters that stand in a URL as they are."""
    return secrets.token_urlsafe(24)


def same_key(given: str, key: str) -> bool:
    """Compare two keys in a time that does not tell how much of them agrees."""
    return hmac.compare_digest(given.encode(), key.encode())
