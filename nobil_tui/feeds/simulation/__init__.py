"""The built-in simulated stream: a country of charging stations that lives by itself, for the demo and for tests."""
