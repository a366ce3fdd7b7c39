"""The filter line."""
