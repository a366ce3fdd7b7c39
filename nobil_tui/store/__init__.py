"""What outlasts a session beside the config: the last known state, recordings, the history, the cached register."""
