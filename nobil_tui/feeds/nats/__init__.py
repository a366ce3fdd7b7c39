"""Read the stream of a relay from NATS."""
