"""Helpers that any package may use: they know neither chargers nor Textual."""
