"""Files that a session writes: the last known state, the view, recordings; and SQLite files."""
