"""Alerts: evaluate the rules, keep their state on disk, and deliver the ones that fire."""
