"""Runs one feed into one board and passes batches to sinks."""
