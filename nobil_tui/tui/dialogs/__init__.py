"""Dialogs: screens over the main screen."""
