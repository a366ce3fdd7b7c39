"""What outlasts a session beside the config: the last known state, recordings, the station register."""
