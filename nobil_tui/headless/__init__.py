"""Commands without a screen: print changes as lines, record a source."""
