"""Files that a session writes: the last known state, and recordings."""
