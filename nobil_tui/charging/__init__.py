"""The domain: stations, connectors, their latest state and their register.

No I/O, no clock of its own and no Textual: time comes in as a value, in milliseconds since the
epoch.
"""
