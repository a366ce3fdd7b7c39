"""Alerts: rules, persistence and delivery."""
