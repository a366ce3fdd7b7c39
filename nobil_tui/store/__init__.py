"""Files that a session writes: the last known state, the view and recordings; helpers for SQLite
files."""
