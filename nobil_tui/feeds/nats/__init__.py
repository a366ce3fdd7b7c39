"""The stream of a relay, from NATS."""
