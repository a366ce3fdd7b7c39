"""The domain: stations, connectors, and what is known of them.

No I/O, no clock of its own and no Textual: time comes in as a value, in milliseconds since the epoch.
"""
