"""Serve the stream API to programs for version 1, and publish a source into NATS."""
