"""Conditions as text, for the panes and for plain-text output."""

from __future__ import annotations

from nobil_tui.charging.station import Connector


def condition_text(connector: Connector | None, absent: str) -> str:
    """Return a connector's condition in words; ``absent`` if there is no connector."""
    if connector is None:
        return absent
    detail = connector.detail
    return f"{connector.condition.label} ({detail})" if detail else connector.condition.label
