"""Real pipes and files: what is written to them, and what becomes of it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

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


async def test_what_is_written_is_there_at_once(pipe: Pipe, tmp_path: Path) -> None:
    out = StdoutWriter(pipe.write_end)
    for data in (b"one\n", b"two\n"):
        await guarded(out.write(data))
        assert os.read(pipe.read_end, 100) == data
    with (tmp_path / "a").open("wb", buffering=0) as file:
        await guarded(StdoutWriter(file.fileno()).write(b"three\n"))
        assert (tmp_path / "a").read_bytes() == b"three\n"


async def test_a_reader_who_does_not_read_holds_up_nobody_else(pipe: Pipe) -> None:
    data = os.urandom(1024 * 1024)
    writing = asyncio.create_task(StdoutWriter(pipe.write_end).write(data))
    await settle()
    assert not writing.done()
    read = b""
    while len(read) < len(data):
        read += await asyncio.to_thread(os.read, pipe.read_end, 100_000)
    await guarded(writing)
    assert read == data


async def test_it_can_be_left_while_nobody_reads(pipe: Pipe) -> None:
    before = threading.enumerate()
    writing = asyncio.create_task(StdoutWriter(pipe.write_end).write(bytes(1024 * 1024)))
    await settle()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert writing.cancelled()
    [thread] = [thread for thread in threading.enumerate() if thread not in before]
    # It does not keep the program from ending; and once the pipe is gone, neither does it go on.
    assert thread.daemon
    pipe.close_reader()
    await guarded(asyncio.to_thread(thread.join))


async def test_a_reader_who_is_gone_is_told(pipe: Pipe) -> None:
    pipe.close_reader()
    with pytest.raises(BrokenPipeError):
        await guarded(StdoutWriter(pipe.write_end).write(b"one\n"))


async def test_that_the_reader_goes_is_noticed_also_while_nothing_is_written(pipe: Pipe) -> None:
    out = StdoutWriter(pipe.write_end)
    await out.write(b"one\n")
    gone = asyncio.create_task(out.wait_reader_gone())
    await settle()
    assert not gone.done()
    pipe.close_reader()
    await guarded(gone)


async def test_what_is_no_pipe_has_no_reader_who_goes(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        gone = asyncio.create_task(StdoutWriter(file.fileno()).wait_reader_gone())
        await settle()
        assert not gone.done()
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
