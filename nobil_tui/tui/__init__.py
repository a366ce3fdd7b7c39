"""The app, and the only package that imports Textual."""
