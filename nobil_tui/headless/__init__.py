"""What runs without a screen: changes as lines for scripts, and recordings."""
