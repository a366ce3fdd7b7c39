"""Writing to real pipes and files."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.headless.stdout import StdoutWriter
from tests.conftest import guarded, settle

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes as they are elsewhere")


class Pipe:
    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        self.reader_open = True

    def close_reader(self) -> None:
        self.reader_open = False
        os.close(self.read_end)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.write_end)
    if pipe.reader_open:
        pipe.close_reader()


async def test_write_is_unbuffered(pipe: Pipe, tmp_path: Path) -> None:
    out = StdoutWriter(pipe.write_end)
    for data in (b"one\n", b"two\n"):
        await guarded(out.write(data))
        assert os.read(pipe.read_end, 100) == data
    with (tmp_path / "a").open("wb", buffering=0) as file:
        await guarded(StdoutWriter(file.fileno()).write(b"three\n"))
        assert (tmp_path / "a").read_bytes() == b"three\n"


async def test_slow_reader_does_not_block_the_loop(pipe: Pipe) -> None:
    data = os.urandom(1024 * 1024)
    writing = asyncio.create_task(StdoutWriter(pipe.write_end).write(data))
    await settle()
    assert not writing.done()
    read = b""
    while len(read) < len(data):
        read += await asyncio.to_thread(os.read, pipe.read_end, 100_000)
    await guarded(writing)
    assert read == data


async def test_write_can_be_cancelled_while_blocked(pipe: Pipe) -> None:
    before = threading.enumerate()
    writing = asyncio.create_task(StdoutWriter(pipe.write_end).write(bytes(1024 * 1024)))
    await settle()
    await cancel_and_wait(writing)
    assert writing.cancelled()
    [thread] = [thread for thread in threading.enumerate() if thread not in before]
    # A daemon thread does not prevent the exit, and ends with the pipe.
    assert thread.daemon
    pipe.close_reader()
    await guarded(asyncio.to_thread(thread.join))


async def test_write_raises_if_the_reader_is_gone(pipe: Pipe) -> None:
    pipe.close_reader()
    with pytest.raises(BrokenPipeError):
        await guarded(StdoutWriter(pipe.write_end).write(b"one\n"))


async def test_wait_reader_gone_returns_while_idle(pipe: Pipe) -> None:
    out = StdoutWriter(pipe.write_end)
    await out.write(b"one\n")
    gone = asyncio.create_task(out.wait_reader_gone())
    await settle()
    assert not gone.done()
    pipe.close_reader()
    await guarded(gone)


async def test_wait_reader_gone_never_returns_for_a_file(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        gone = asyncio.create_task(StdoutWriter(file.fileno()).wait_reader_gone())
        await settle()
        assert not gone.done()
        await cancel_and_wait(gone)
