"""Shared parts of the commands that read a source without a screen: options, session, errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    closing,
    contextmanager,
    suppress,
)
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nobil_tui.base import paths
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail, print_message
from nobil_tui.cli.options import (
    config_option,
    log_level_option,
    seed_option,
    source_option,
    speed_option,
    stations_option,
)
from nobil_tui.cli.output import fail_output
from nobil_tui.cli.startup import (
    CommonOptions,
    Startup,
    open_session,
    print_warnings,
    register_path,
    start_up,
)
from nobil_tui.cli.value_completers import complete_filter
from nobil_tui.sources.catalogue import RECORDING

if TYPE_CHECKING:
    from nobil_tui.search.query import Query
    from nobil_tui.session.session import Session
    from nobil_tui.session.settings import Settings

_T = TypeVar("_T")
_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])

_SOURCE_OPTIONS = (
    source_option,
    config_option,
    stations_option,
    seed_option,
    speed_option,
    log_level_option,
)


def source_options(command: _Decorated) -> _Decorated:
    """Add the options of ``CommonOptions``; the command takes them as ``**common``."""
    for option in reversed(_SOURCE_OPTIONS):
        command = option(command)
    return command


filter_option = click.option(
    "--filter",
    "filter_text",
    metavar="FILTER",
    shell_complete=complete_filter,
    help='Only stations and connectors that match a filter, such as "ccs >=150kw oslo".',
)

no_history_option = click.option(
    "--no-history", is_flag=True, help="Do not record the history, whatever the config says."
)


def start_reading(common: dict[str, Any], *, one_shot: bool = False) -> Startup:
    """Read the config and choose the source, and print warnings on stderr.

    ``one_shot``: play a recording as fast as possible unless a speed is given.
    """
    options = CommonOptions(**common)
    if one_shot and options.speed is None and options.source is not None:
        from nobil_tui.feeds.source import SourceError
        from nobil_tui.sources.names import kind_of

        # The next step reports a text that names no source.
        with suppress(SourceError):
            if kind_of(options.source.strip()) is RECORDING:
                options = options._replace(speed=float("inf"))
    startup = start_up(options)
    print_warnings(startup.warnings)
    return startup


def parse_filter(text: str, settings: Settings) -> Query:
    """Parse a filter; end the program if a part of it is not understood.

    A place in it is looked up later, once the stations are known. A home of the simulation counts
    too: whether the source is one may be known later.
    """
    from nobil_tui.search.filter_parser import parse_query
    from nobil_tui.search.places import AnyPlace

    query = parse_query(text, settings.home or settings.config.home.simulated, AnyPlace())
    check_filter(query)
    return query


def check_filter(query: Query) -> None:
    """End the program if a part of a filter is not understood."""
    if query.problems:
        fail(ExitCode.USAGE, f"The filter is not understood: {query.problems[0].message}.")


def settings_of(startup: Startup) -> Settings:
    """Return the settings of a command, with the stars and the home of a simulation if the source
    is one."""
    from nobil_tui.session.settings import Settings

    settings = Settings(startup.config_path, startup.config)
    settings.use_simulated(startup.chosen.source.simulated)
    return settings


def run_session(
    startup: Startup,
    work: Callable[[Session], Coroutine[Any, Any, _T]],
    *,
    lossless: bool = False,
    settings: Settings | None = None,
    record: bool = False,
    one_shot: bool = False,
    service: bool = False,
) -> _T:
    """Open the source, read the user's register, and run ``work`` on the session.

    With ``settings``, the config file is followed and notices are printed meanwhile; with
    ``record``, the history is recorded as they say. A ``one_shot`` command waits for the names of
    stations that the source publishes; a ``service`` with settings updates the register daily.

    Ends the program with a message if the key is refused, if a station does not exist, if there is
    no state, or if standard output cannot be written.
    """
    from nobil_tui.charging.register import CREDIT, Register
    from nobil_tui.cli.event_loop import run_coroutine
    from nobil_tui.headless.settings import following_settings
    from nobil_tui.headless.station_data import updating_station_data
    from nobil_tui.session.history import recorded_stations
    from nobil_tui.session.options import SessionOptions
    from nobil_tui.session.register_updater import RegisterUpdater
    from nobil_tui.session.session import Session

    names_path = register_path()
    recorded = recorded_stations(settings) if settings is not None and record else None
    options = SessionOptions(
        state_dir=paths.if_home(paths.state_dir),
        register_path=names_path,
        history_path=paths.if_home(paths.history_file) if recorded is not None else None,
        environ=os.environ,
    )
    register = Register(credit=CREDIT)
    source = startup.chosen.source
    session = Session(source, options, register, lossless=lossless, recorded=recorded)

    def beside() -> Iterator[AbstractAsyncContextManager[None]]:
        if session.uses_user_register and names_path is not None:
            yield updating_station_data(
                session,
                RegisterUpdater(names_path, register, options),
                print_message,
                one_shot=one_shot,
                section=(lambda: settings.config.register) if settings and service else None,
            )
        if settings is not None:
            yield following_settings(settings, lambda: session.notice, print_message)

    with closing(session):
        open_session(session)
        with _ending_the_program():
            return run_coroutine(run_within(beside(), lambda: work(session)))


async def run_within(
    contexts: Iterable[AbstractAsyncContextManager[None]],
    work: Callable[[], Coroutine[Any, Any, _T]],
) -> _T:
    """Run ``work`` within contexts, which are entered one after the other."""
    async with AsyncExitStack() as stack:
        for context in contexts:
            await stack.enter_async_context(context)
        return await work()


@contextmanager
def _ending_the_program() -> Iterator[None]:
    """End the program with a message and its exit code if the session fails within."""
    from nobil_tui.headless.link_reporter import KeyRefusedError
    from nobil_tui.headless.one_shot import NoStateError
    from nobil_tui.headless.station_choice import UnknownStationError

    try:
        yield
    except KeyRefusedError as error:
        fail(ExitCode.KEY_REFUSED, str(error))
    except UnknownStationError as error:
        fail(ExitCode.USAGE, str(error))
    except NoStateError as error:
        fail(ExitCode.FAILURE, str(error))
    except OSError as error:
        fail_output(error)
