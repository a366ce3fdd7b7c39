"""The work of the commands without a screen: print, watch, record, serve or relay a source."""
