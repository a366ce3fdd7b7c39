"""The base of all packages: independent of chargers and of Textual."""
