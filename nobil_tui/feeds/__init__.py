"""Sources of reports. Each feed is an asynchronous iterator of the events in
``charging/events.py``.
"""
