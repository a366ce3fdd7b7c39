"""What is alive while a program runs, with or without a screen."""
