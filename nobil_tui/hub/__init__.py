"""Serve the stream API to programs written for version 1, and publish a source into NATS."""
