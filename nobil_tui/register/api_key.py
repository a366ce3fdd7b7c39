"""The API key of the station register. The key of another service is never used for it."""

from __future__ import annotations

from collections.abc import Mapping

from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import RegisterSection

REGISTER_KEY_VARIABLE = "NOBIL_REGISTER_KEY"
"""The environment variable that overrides the key in the config."""


def register_key(section: RegisterSection, environ: Mapping[str, str]) -> Secret | None:
    """Return the key from the environment, else from the config, else None."""
    key = environ.get(REGISTER_KEY_VARIABLE, "").strip()
    return Secret(key) if key else section.api_key
