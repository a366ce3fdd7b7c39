"""The bars of one line: link bar and key hints."""
