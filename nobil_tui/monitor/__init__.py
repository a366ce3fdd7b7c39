"""Run one feed into one board, and pass batches to sinks."""
