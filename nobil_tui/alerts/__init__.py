"""Alerts: evaluate the rules, keep their state on disk, and deliver what fires."""
