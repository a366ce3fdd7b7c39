"""Distances and positions as text, and the URL of a map."""

from __future__ import annotations

from nobil_tui.charging.geo import Position

_ZOOM = 17


def distance_text(km: float) -> str:
    """Return a distance as ``350 m``, ``2.4 km`` or ``38 km``."""
    if km < 0.995:
        return f"{round(km * 100) * 10} m"
    return f"{km:.1f} km" if km < 9.95 else f"{km:.0f} km"


def position_text(position: Position) -> str:
    """Return a position as ``59.87447, 10.49982``, to about a metre."""
    return f"{position[0]:.5f}, {position[1]:.5f}"


def map_url(position: Position) -> str:
    """Return the URL of a map that shows a position."""
    latitude, longitude = (f"{degrees:.6f}" for degrees in position)
    view = f"{_ZOOM}/{latitude}/{longitude}"
    return f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map={view}"
