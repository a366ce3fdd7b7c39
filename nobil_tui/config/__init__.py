"""The user's config file: read and validated, written back with its comments kept.

A file that is not valid is told with its line and never written to. A start pays for what reading imports, so the
modules that save, show and explain import their libraries when they are called.
"""
