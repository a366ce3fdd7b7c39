"""Tuning of the garbage collector and the heap, with the measured reasons."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress

_STARTUP_THRESHOLDS = (200_000, 20, 50)
"""Imports create 100,000 lasting objects, and scanning them takes 15 ms."""
_RUNNING_THRESHOLDS = (10_000, 20, 50)
"""At the default of 700 the collector takes a tenth of the time under load, and finds nothing."""


def defer_collection() -> None:
    """Collect garbage very rarely while the program starts."""
    gc.set_threshold(*_STARTUP_THRESHOLDS)


def freeze_imports() -> None:
    """Exempt the objects of the imports from collection.

    Does not collect before: that would take longer than the first paint.
    """
    gc.freeze()


def resume_collection() -> None:
    """Collect garbage regularly again, once the program has started.

    A source without a snapshot, or one that cannot be reached, never calls ``freeze_board``: at the
    thresholds of the start, garbage of 200,000 objects would pile up, some 20 MB.
    """
    gc.set_threshold(*_RUNNING_THRESHOLDS)


def freeze_board() -> None:
    """Exempt the objects of a first snapshot from collection, and collect rarely from now on.

    They live as long as the session. Takes the longest pause under load from 72 ms to 2 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_RUNNING_THRESHOLDS)


def unfreeze() -> None:
    """Collect frozen objects again, when the session that owned them ends."""
    gc.unfreeze()


def trim_heap() -> None:
    """Return freed heap memory to the OS (glibc ``malloc_trim``), in a few milliseconds.

    A snapshot arrives as one text of megabytes and is kept as another. Both are freed a moment
    later, but between objects that stay, and glibc keeps such memory as long as the program runs:
    about 8 MB for a country of 30,000 stations. Does nothing on other systems.
    """
    if sys.platform != "linux":
        return
    # Python may be built without ctypes; another C library has no such call, and needs none.
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)
