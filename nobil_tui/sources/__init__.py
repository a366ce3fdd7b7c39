"""The sources that a user can name, and how to open each of them."""
