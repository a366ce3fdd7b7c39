"""Feeds: asynchronous iterators of the events of ``charging/events.py``."""
