"""Limits and defaults of the simulation. Importing this module loads nothing else."""

from __future__ import annotations

DEFAULT_STATIONS = 400
MAX_SIMULATED_STATIONS = 100_000
DEFAULT_SEED = 0
MIN_SPEED = 0.01
"""Simulated seconds per second. At lower speeds, the times of events days ago no longer fit a
timestamp.
"""
MAX_SPEED = 3600.0
"""Simulated seconds per second: one hour."""
