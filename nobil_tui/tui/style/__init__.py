"""Themes, styles and glyphs."""
