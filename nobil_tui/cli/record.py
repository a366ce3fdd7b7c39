"""``nobil-tui record``: what a source sends, written to a file."""

from __future__ import annotations

import re
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from nobil_tui.cli import options
from nobil_tui.cli.exit_codes import Code
from nobil_tui.cli.startup import Asked, begin, opened, tell

if TYPE_CHECKING:
    from nobil_tui.charging.events import Feed
    from nobil_tui.store.recorder import Recorder

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_SIZE = re.compile(r"(?P<count>[0-9]{1,9}(\.[0-9]{1,3})?) ?(?P<unit>[kKMG]?)B?")


def size_of(text: str) -> int:
    """Read a size in bytes: ``500kB``, ``100MB``, ``1.5G``."""
    found = _SIZE.fullmatch(text)
    size = round(float(found["count"]) * _UNITS[found["unit"].replace("K", "k")]) if found else 0
    if not size:
        raise click.BadParameter("expected a size, such as 100MB.")
    return size


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.source_option
@options.config_option
@click.option("--rotate-size", type=size_of, metavar="SIZE", help="Begin another file after so much, such as 100MB.")
@click.option("--rotate-daily", is_flag=True, help="Begin another file with each day (UTC).")
@options.stations_option
@options.seed_option
@options.speed_option
@options.log_level_option
def record(
    file: Path,
    source: str | None,
    config: Path | None,
    rotate_size: int | None,
    rotate_daily: bool,
    stations: int | None,
    seed: int | None,
    speed: float | None,
    log_level: str | None,
) -> None:
    """Write what a source sends to FILE, a line a frame, until it is stopped (Ctrl-C).

    nobil-tui --source FILE plays it. A file whose name ends in .gz is compressed. Nothing is overwritten. What came up
    to a second ago is on the disk.

    With --rotate-size the next files are name.1.jsonl, name.2.jsonl and so on, with --rotate-daily each is called by
    its day, name.2026-03-24.jsonl.
    """
    from nobil_tui.headless.record import FrameTap, format_of
    from nobil_tui.sources.recording import RecordingSource
    from nobil_tui.store.recorder import Recorder, RecordError

    tap = FrameTap()
    _, chosen = begin(Asked(source, config, stations, seed, speed, log_level), tap)
    if isinstance(chosen, RecordingSource):
        options.fail(Code.USAGE, f"{chosen.name} is a recording already: copy the file.")
    with closing(chosen):
        feed = opened(chosen).feed
        try:
            tap.recorder = Recorder(
                file,
                format_of(feed),
                rotate_size=rotate_size,
                rotate_daily=rotate_daily,
                simulated=chosen.simulated,
                source=chosen.name,
            )
        except RecordError as error:
            options.fail(Code.FAILED, f"{error}.")
        _run(feed, chosen.name, tap.recorder)


class _Progress:
    """A line on the terminal that counts; nothing where stderr is none."""

    def __init__(self) -> None:
        self._live = sys.stderr is not None and sys.stderr.isatty()
        self._width = 0

    def show(self, frames: int) -> None:
        """Show how many frames are written."""
        if self._live:
            text = _frames(frames)
            self._write(f"\r{text}")
            self._width = len(text)

    def say(self, text: str) -> None:
        """Say something on a line of its own."""
        if self._width:
            self._write(f"\r{' ' * self._width}\r")
            self._width = 0
        tell(text)

    def _write(self, text: str) -> None:
        with suppress(OSError):
            click.echo(text, nl=False, err=True)


def _run(feed: Feed, name: str, recorder: Recorder) -> None:
    """Record until it is stopped, which is how it is meant to end."""
    from nobil_tui.cli.event_loop import run
    from nobil_tui.headless.link_reporter import KeyRefusedError
    from nobil_tui.headless.record import record
    from nobil_tui.store.recorder import RecordError

    progress, code = _Progress(), Code.QUIT
    progress.say(f"Recording {name} to {recorder.path}; Ctrl-C ends it.")
    try:
        run(record(feed, name, recorder, progress.say, progress.show))
    except Exit:
        pass
    except KeyRefusedError as error:
        progress.say(str(error))
        code = Code.REFUSED
    except RecordError:
        # What went wrong is told below, as it is where it goes wrong at the very end.
        pass
    finally:
        recorder.close()
    if recorder.error is not None:
        progress.say(f"{recorder.error[0].upper()}{recorder.error[1:]}.")
        code = Code.FAILED
    progress.say(_end(recorder))
    raise Exit(code)


def _end(recorder: Recorder) -> str:
    """Tell what was recorded. A file with nothing in it goes: it would only stand in the way of the next try."""
    if recorder.frames or recorder.error is not None:
        return f"{_frames(recorder.frames)} written; the file is {recorder.path}."
    try:
        recorder.path.unlink()
    except OSError as error:
        return f"Nothing came, and {recorder.path} is left empty: {error.strerror or 'the system refuses'}."
    return f"Nothing came: {recorder.path} is removed again."


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count:,} frames"
