"""Bytes to domain and back, a module a format. What comes from outside is hostile until it has passed here."""
