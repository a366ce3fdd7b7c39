"""Serve the stream API to programs written for version 1."""
