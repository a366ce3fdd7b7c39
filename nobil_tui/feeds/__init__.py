"""Feeds: asynchronous iterators of the events in ``charging/events.py``."""
