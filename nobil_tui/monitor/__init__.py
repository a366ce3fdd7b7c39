"""Runs one feed into one board and hands out batches."""
