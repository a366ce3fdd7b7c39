"""Limits and defaults of the simulation. This module imports nothing."""

from __future__ import annotations

DEFAULT_STATIONS = 400
MAX_SIMULATED_STATIONS = 100_000
DEFAULT_SEED = 0
MIN_SPEED = 0.01
"""The lowest speed, in simulated seconds per second. At lower ones, the times of past events no
longer fit a timestamp."""
MAX_SPEED = 3600.0
"""The highest speed: one simulated hour per second."""
