"""What is free amid what is held: the C library gives it back when it is told to."""

from __future__ import annotations

import ctypes
import platform
import subprocess
import sys

import pytest

from nobil_tui.base.memory import trim_heap

# In a process of its own, so that what holds the room is known. Of so many pieces, each a little above what Python
# gives room to by itself, the last is kept: all before it is free, and not at the end of what the library has.
HOLES = """
import os
from nobil_tui.base.memory import trim_heap

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20

pieces = [bytes(2000) for _ in range(20_000)]
last = pieces[-1]
del pieces
before = resident()
trim_heap()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc must be told")
def test_what_is_free_amid_what_is_held_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 30


def test_where_the_library_cannot_be_told_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(ctypes, "CDLL", asked.append)
    # What it returns has no such call.
    trim_heap()
    assert len(asked) == (sys.platform == "linux")
    monkeypatch.setattr(sys, "platform", "darwin")
    trim_heap()
    assert len(asked) == (platform.system() == "Linux")
