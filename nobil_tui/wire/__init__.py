"""Decode bytes into events and encode them, one module per format. Input is validated here."""
