"""The station register: download, cache, merge, update."""
