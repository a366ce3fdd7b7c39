"""The station list."""
