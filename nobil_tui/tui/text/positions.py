"""Positions as text, and the URL of a map."""

from __future__ import annotations

from nobil_tui.charging.geo import Position

_ZOOM = 17


def position_text(position: Position) -> str:
    """Return a position as ``59.87447, 10.49982``, to about a metre."""
    return f"{position[0]:.5f}, {position[1]:.5f}"


def map_url(position: Position) -> str:
    """Return the URL of a map that shows a position."""
    latitude, longitude = (f"{degrees:.6f}" for degrees in position)
    view = f"{_ZOOM}/{latitude}/{longitude}"
    return f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map={view}"
