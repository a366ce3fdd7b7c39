"""The built-in simulation: a stream of simulated charging stations, for the demo and tests."""
