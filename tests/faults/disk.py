"""A faulty disk: each call that writes can fail, or be the last one of the program.

Calls of Python are counted by replacing them, those of SQLite through its own table of system
calls. A program that is killed is a child process that ends at its n-th call without any cleanup:
what it leaves on the disk is what kill -9 leaves.
"""

from __future__ import annotations

import ctypes
import errno
import io
import os
import sqlite3
from collections.abc import Callable
from typing import Any

KILLED = 137
"""The exit code of a child that was killed, as a shell shows it."""
HELD = 3
"""The exit code of a child whose n-th call never came."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CALLS = ("mkdir", "chmod", "fchown", "fsync", "link", "replace", "rename", "unlink", "utime")
_SQLITE_CALLS = ("ftruncate", "pwrite", "pwrite64", "write", "unlink", "mkdir")


class Disk:
    """Fails at the n-th call that writes, counted from zero, or ends the process there."""

    def __init__(self, at: int, number: int, *, stays: bool = False, refused: str = "") -> None:
        """Fail with the error ``number``, at all later calls too if it ``stays``; zero ends the
        process. The call named ``refused`` always fails, as on a file that is mounted singly.
        """
        self.calls = 0
        self._at = at
        self._number = number
        self._stays = stays
        self._refused = refused
        self._kept: list[object] = []

    @property
    def reached(self) -> bool:
        """Whether the n-th call came."""
        return self.calls > self._at

    def install(self) -> None:
        """Replace the calls of this process. It is a child that ends soon: nothing is restored."""
        for name in _CALLS:
            setattr(os, name, self._counted(getattr(os, name), name))
        opened = os.open

        def open_(path: Any, flags: int, *rest: Any, **more: Any) -> int:
            if flags & WRITING:
                self.step()
            return opened(path, flags, *rest, **more)

        os.open = open_
        io.open = self._open_file(io.open)
        self._install_in_sqlite()

    def step(self, name: str = "") -> None:
        """Count a call. Raise ``OSError``, or end the process, if it is the one."""
        number = self.fails()
        if name == self._refused != "":
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        if number:
            raise OSError(number, os.strerror(number))

    def fails(self) -> int:
        """Count a call. Return the number of the error that it is to fail with."""
        here = self.calls
        self.calls += 1
        if here != self._at and not (self._stays and here > self._at):
            return 0
        if not self._number:
            os._exit(KILLED)
        return self._number

    def _counted(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def counted(*args: Any, **more: Any) -> Any:
            self.step(name)
            return call(*args, **more)

        return counted

    def _open_file(self, opened: Any) -> Any:
        def open_(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **more: Any) -> Any:
            if "b" not in mode or not set(mode) & set("wxa+"):
                return opened(file, mode, buffering, *rest, **more)
            if not isinstance(file, int):
                self.step()
            raw = CountedFile(file, mode.replace("b", ""))
            raw.disk = self
            if not buffering:
                return raw
            return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

        return open_

    def _install_in_sqlite(self) -> None:
        vfs = find_vfs()
        for name in _SQLITE_CALLS:
            address = vfs.get_system_call(name)
            if not address:
                continue
            original = _CALL(address)
            replacement = _CALL(self._sqlite_call(name, original))
            self._kept += [original, replacement]
            vfs.set_system_call(name, replacement)

    def _sqlite_call(self, name: str, original: Any) -> Callable[..., int]:
        def call(*args: int) -> int:
            number = self.fails()
            if number:
                ctypes.set_errno(number)
                return -1
            if "write" in name and not self._number:
                # A part, then the rest: between the two, the process may end.
                handle, data, size, at = args
                half = size // 2
                done = int(original(handle, data, half, at)) if half else 0
                self.step()
                return done + int(original(handle, data + done, size - done, at + done))
            return int(original(*args))

        return call


class CountedFile(io.FileIO):
    """A file whose writes are counted. Every other one is short, as the system may answer it."""

    disk: Disk
    _short = True

    def write(self, data: Any) -> int:
        """Write the first half, and the rest when called again."""
        data = memoryview(data).cast("B")
        self.disk.step()
        size = len(data) // 2 if self._short and len(data) > 1 else len(data)
        self._short = not self._short
        return super().write(data[:size]) or 0

    def truncate(self, size: int | None = None) -> int:
        """Change the size."""
        self.disk.step()
        return super().truncate(size)


_CALL = ctypes.CFUNCTYPE(ctypes.c_ssize_t, *[ctypes.c_ssize_t] * 4, use_errno=True)
"""A call with up to four arguments: those that it does not take are ignored."""


class Vfs:
    """The part of SQLite that calls the system, with its own way to replace these calls."""

    def __init__(self, address: int) -> None:
        self._address = ctypes.c_void_p(address)
        words = ctypes.cast(address, ctypes.POINTER(ctypes.c_void_p))
        # After three int and one pointer with padding: see sqlite3_vfs in its documentation.
        first = 3 * ctypes.sizeof(ctypes.c_int) + 4
        methods = first // ctypes.sizeof(ctypes.c_void_p) + 3
        set_call, get_call = words[methods + 13], words[methods + 14]
        self._set = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p
        )(set_call or 0)
        self._get = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
            get_call or 0
        )

    def get_system_call(self, name: str) -> int:
        """Return the address of a call; zero if SQLite does not use it."""
        return int(self._get(self._address, name.encode()) or 0)

    def set_system_call(self, name: str, call: Any) -> None:
        """Replace a call."""
        self._set(self._address, name.encode(), ctypes.cast(call, ctypes.c_void_p))


def find_vfs() -> Vfs:
    """Return the usual VFS of the SQLite that Python uses. Raise ``OSError`` if it is hidden."""
    import _sqlite3

    library = ctypes.CDLL(_sqlite3.__file__)
    try:
        find = library.sqlite3_vfs_find
    except AttributeError:
        raise OSError("SQLite's symbols are hidden") from None
    find.restype = ctypes.c_void_p
    address = find(None)
    vfs = Vfs(address)
    assert vfs.get_system_call("open"), sqlite3.sqlite_version
    return vfs
