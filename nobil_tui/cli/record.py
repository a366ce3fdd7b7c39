"""``nobil-tui record``: record a source to a file."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from nobil_tui.base.paths import history_file, if_home
from nobil_tui.cli.click_classes import CommandWithExitCodes
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail
from nobil_tui.cli.options import (
    FilePath,
    config_option,
    log_level_option,
    seed_option,
    source_option,
    speed_option,
    stations_option,
)
from nobil_tui.cli.progress import ProgressLine
from nobil_tui.cli.source_command import no_history_option, run_within, settings_of
from nobil_tui.cli.startup import (
    CommonOptions,
    open_session,
    print_warnings,
    register_path,
    start_up,
)

if TYPE_CHECKING:
    from nobil_tui.session.session import Session
    from nobil_tui.session.settings import Settings
    from nobil_tui.store.recorder import Recorder

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_SIZE = re.compile(r"(?P<count>[0-9]{1,9}(\.[0-9]{1,3})?) ?(?P<unit>[kKMG]?)B?")


def parse_size(text: str) -> int:
    """Parse a size in bytes: ``500kB``, ``100MB``, ``1.5G``."""
    found = _SIZE.fullmatch(text)
    size = round(float(found["count"]) * _UNITS[found["unit"].replace("K", "k")]) if found else 0
    if not size:
        raise click.BadParameter("expected a size, such as 100MB.")
    return size


@click.command(
    cls=CommandWithExitCodes,
    exit_codes=(ExitCode.SUCCESS, ExitCode.FAILURE, ExitCode.USAGE, ExitCode.KEY_REFUSED),
)
@click.argument("file", type=FilePath())
@source_option
@config_option
@click.option(
    "--rotate-size",
    type=parse_size,
    metavar="SIZE",
    help="Start a new file at this size, such as 100MB.",
)
@click.option("--rotate-daily", is_flag=True, help="Start a new file every day (UTC).")
@no_history_option
@stations_option
@seed_option
@speed_option
@log_level_option
def record(
    file: Path,
    source: str | None,
    config: Path | None,
    rotate_size: int | None,
    rotate_daily: bool,
    no_history: bool,
    stations: int | None,
    seed: int | None,
    speed: float | None,
    log_level: str | None,
) -> None:
    """Record a source to FILE, one frame per line, until interrupted.

    Play a recording with nobil-tui --source FILE. The history is recorded too, as the config says,
    unless another instance does. The extension .jsonl.gz selects gzip compression.
    An existing file is never overwritten. Frames are written to disk within a second.

    With --rotate-size, the files are numbered: name.jsonl, name.1.jsonl, name.2.jsonl. With
    --rotate-daily, their names contain the date: name.2026-03-24.jsonl.
    """
    from nobil_tui.charging.register import Register
    from nobil_tui.headless.record import FrameTap
    from nobil_tui.session.history import recorded_stations
    from nobil_tui.session.options import SessionOptions
    from nobil_tui.session.session import Session

    tap = FrameTap()
    startup = start_up(CommonOptions(source, config, stations, seed, speed, log_level), tap)
    print_warnings(startup.warnings)
    chosen = startup.chosen.source
    settings = settings_of(startup)
    recorded = None if no_history else recorded_stations(settings)
    options = SessionOptions(history_path=None if recorded is None else if_home(history_file))
    session = Session(chosen, options, Register(), recorded=recorded)
    with closing(session):
        open_session(session)
        if not session.codec:
            fail(ExitCode.USAGE, f"{chosen.name} is already a recording. Copy the file instead.")
        tap.recorder = _make_recorder(
            session, file, rotate_size=rotate_size, rotate_daily=rotate_daily
        )
        _run(session, settings, tap.recorder)


def _make_recorder(
    session: Session, file: Path, *, rotate_size: int | None, rotate_daily: bool
) -> Recorder:
    """Create the first file; end the program if that fails."""
    from nobil_tui.store.recorder import Recorder, RecordError

    try:
        return Recorder(
            file,
            session.codec,
            rotate_size=rotate_size,
            rotate_daily=rotate_daily,
            simulated=session.source.simulated,
            source=session.source.name,
        )
    except RecordError as error:
        fail(ExitCode.FAILURE, f"{error}.")


def _run(session: Session, settings: Settings, recorder: Recorder) -> None:
    """Record until interrupted, which is the normal end and a success."""
    from nobil_tui.cli.event_loop import run_coroutine
    from nobil_tui.headless.link_reporter import KeyRefusedError
    from nobil_tui.headless.record import record_session
    from nobil_tui.headless.settings import following_settings
    from nobil_tui.headless.station_data import updating_station_data
    from nobil_tui.session.options import SessionOptions
    from nobil_tui.session.register_updater import RegisterUpdater
    from nobil_tui.store.recorder import RecordError

    line, code = ProgressLine(), ExitCode.SUCCESS
    line.print_message(f"Recording {session.source.name} to {recorder.path}. Press Ctrl-C to stop.")

    def beside() -> Iterator[AbstractAsyncContextManager[None]]:
        path = register_path()
        if session.station_data is not None and path is not None:
            updater = RegisterUpdater(path, session.register, SessionOptions())
            yield updating_station_data(session, updater, line.print_message)
        yield following_settings(settings, lambda: session.notice, line.print_message)

    def recording() -> Coroutine[Any, Any, None]:
        return record_session(
            session, recorder, line.print_message, lambda frames: line.show(_frames(frames))
        )

    try:
        run_coroutine(run_within(beside(), recording))
    except Exit:
        pass
    except KeyRefusedError as error:
        line.print_message(str(error))
        code = ExitCode.KEY_REFUSED
    except RecordError:
        # Reported below, together with an error that only occurs when closing.
        pass
    finally:
        recorder.close()
    if recorder.error is not None:
        line.print_message(f"{recorder.error[0].upper()}{recorder.error[1:]}.")
        code = ExitCode.FAILURE
    line.print_message(_summary(recorder))
    raise Exit(code)


def _summary(recorder: Recorder) -> str:
    """Return what was recorded. An empty file is removed, since it would only block the next
    attempt."""
    if recorder.frames or recorder.error is not None:
        return f"Wrote {_frames(recorder.frames)} to {recorder.path}."
    try:
        recorder.path.unlink()
    except OSError as error:
        return (
            f"No frames received. Cannot remove the empty file {recorder.path}: "
            f"{error.strerror or 'unknown error'}."
        )
    return f"No frames received. Removed the empty file {recorder.path}."


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count:,} frames"
