"""The user's config file: read, validated, and saved with its comments kept.

Errors name the line, and an invalid file is never changed. Reading must import little, since every
start waits for it: the modules that save, show and explain a config import what they need on use.
"""
