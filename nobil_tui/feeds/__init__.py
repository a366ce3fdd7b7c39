"""Where reports come from. Each feed is one async iterator of the same few events (``events.py``)."""
