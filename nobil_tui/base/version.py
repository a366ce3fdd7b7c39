"""The version of the installed program."""

from __future__ import annotations

PACKAGE = "nobil-tui"


def installed_version() -> str:
    """Return the version of the installed program; ``unknown`` if it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "unknown"
