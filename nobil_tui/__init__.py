"""nobil-tui: which electric car chargers are free, live, in a terminal."""
