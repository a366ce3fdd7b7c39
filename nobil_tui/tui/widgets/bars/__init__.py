"""The bars of one line: the link bar and the key hints."""
