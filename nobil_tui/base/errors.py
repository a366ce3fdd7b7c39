"""Errors that concern the whole program."""

from __future__ import annotations


class LoggedCrashError(Exception):
    """An unexpected exception, its cause, ended the program, and was logged."""
