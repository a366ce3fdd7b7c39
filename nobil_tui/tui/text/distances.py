"""Where things are, as a reader is told it: how far away, and on which map."""

from __future__ import annotations

from nobil_tui.charging.geo import Position

_ZOOM = 17


def distance_text(km: float) -> str:
    """``350 m``, ``2.4 km``, ``38 km``: no more digits than anybody would drive by."""
    if km < 0.995:
        return f"{round(km * 100) * 10} m"
    return f"{km:.1f} km" if km < 9.95 else f"{km:.0f} km"


def position_text(position: Position) -> str:
    """``59.87447, 10.49982``: to about a metre."""
    return f"{position[0]:.5f}, {position[1]:.5f}"


def map_url(position: Position) -> str:
    """Where a map shows the place."""
    latitude, longitude = (f"{degrees:.6f}" for degrees in position)
    return f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map={_ZOOM}/{latitude}/{longitude}"
