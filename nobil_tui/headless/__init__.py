"""What each command without a screen does: print, watch, record, serve or relay a source."""
