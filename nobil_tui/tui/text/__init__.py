"""Texts of the interface: times, distances, staleness, wrapping."""
