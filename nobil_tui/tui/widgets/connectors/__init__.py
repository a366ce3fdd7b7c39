"""The pane of the selected station and its connectors."""
