"""``trim_heap`` returns freed memory between live objects to the OS."""

from __future__ import annotations

import ctypes
import platform
import subprocess
import sys

import pytest

from nobil_tui.base.memory import trim_heap

# In a process of its own, so that its heap is known. All pieces but the last are freed, so the free
# memory is not at the end of the heap. Each piece is larger than what Python itself allocates.
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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_trim_heap_returns_memory_to_the_os() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 30


def test_trim_heap_without_malloc_trim(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(ctypes, "CDLL", asked.append)
    # The result has no malloc_trim.
    trim_heap()
    assert len(asked) == (sys.platform == "linux")
    monkeypatch.setattr(sys, "platform", "darwin")
    trim_heap()
    assert len(asked) == (platform.system() == "Linux")
