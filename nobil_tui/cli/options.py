"""What the commands share: their options, the config, the choice of a source, and how to fail.

An option given before a command counts for it too: ``nobil-tui --source X tail`` is ``nobil-tui tail --source X``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from nobil_tui.cli.exit_codes import Code

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from nobil_tui.base.redaction import AddSecret
    from nobil_tui.config.model import Config
    from nobil_tui.feeds.source import ChosenSource
    from nobil_tui.feeds.transport.link import Tap
    from nobil_tui.sources.factory import SourceFactory

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

MOST_STATIONS = 100_000
"""Of the simulation, which cannot be asked before it is imported."""
SLOWEST, FASTEST = 0.01, 3600.0
"""Of the simulation: up to an hour a second."""
STATIONS, SEED = 400, 0
"""Of the simulation, where nothing else is said."""
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LEVEL = "WARNING"


class Failure(click.ClickException):
    """What went wrong, in words, and the code to exit with."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # click has it as a variable of the class
        """The code."""
        return self.code

    def show(self, file: Any = None) -> None:
        """Say it on stderr."""
        say(self.message)


def say(text: str) -> None:
    """Tell the user something that is not data: a line on stderr."""
    click.echo(f"nobil-tui: {text}", err=True)


def fail(code: Code, text: str) -> NoReturn:
    """End the program: ``text`` on stderr, and ``code``."""
    raise Failure(code, text)


# Options


def speed_of(text: str) -> float:
    """Read how many seconds pass in one: a number, or ``max`` for as many as can, which is infinity."""
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise click.BadParameter("expected a number above 0, such as 10, or max.")
    return speed


def given(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Take an option's value; where it was not given, what was given to the command above."""
    above = ctx.parent
    while value is None and above is not None:
        value = above.params.get(param.name or "")
        above = above.parent
    return value


def _complete_source(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    names = {"demo": "the simulation", "v1": "version 1 of the stream API", "enova": "NOBIL Real-time"}
    items = [CompletionItem(name, help=help) for name, help in names.items() if name.startswith(incomplete)]
    # What the shell itself completes to files.
    return items or [CompletionItem(incomplete, type="file")]


def source_option(command: Decorated) -> Decorated:
    """``--source``: a name, an address or a file."""
    return click.option(
        "--source",
        metavar="SOURCE",
        callback=given,
        shell_complete=_complete_source,
        help="Where reports come from: demo, v1, enova, a ws:// or wss:// address, or the file of a recording.",
    )(command)


def config_option(command: Decorated) -> Decorated:
    """``--config``: another config file."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="PATH",
        callback=given,
        help="The config file, in place of the usual one.",
    )(command)


def stations_option(command: Decorated) -> Decorated:
    """``--stations``: how large the simulated country is."""
    return click.option(
        "--stations",
        type=click.IntRange(1, MOST_STATIONS),
        metavar="N",
        callback=given,
        help=f"Stations of the simulation; {STATIONS} if not said.",
    )(command)


def seed_option(command: Decorated) -> Decorated:
    """``--seed``: which country is simulated."""
    return click.option(
        "--seed",
        type=int,
        metavar="N",
        callback=given,
        help=f"The same number gives the same simulation; {SEED} if not said.",
    )(command)


def speed_option(command: Decorated) -> Decorated:
    """``--speed``: of the simulation or a recording."""
    return click.option(
        "--speed",
        type=speed_of,
        metavar="X",
        callback=given,
        help="How fast the simulation or a recording goes: 1 is as in life; max, for a recording, as fast as it can.",
    )(command)


def log_level_option(command: Decorated) -> Decorated:
    """``--log-level``: how much is written to the log file."""
    return click.option(
        "--log-level",
        type=click.Choice(LEVELS, case_sensitive=False),
        metavar="LEVEL",
        callback=given,
        help=f"How much goes to the log file: {', '.join(LEVELS)}; {LEVEL} if not said.",
    )(command)


# The config and the source


def config_path(given: Path | None) -> Path:
    """Return the file that was named, or the usual one."""
    if given is not None:
        return given
    from nobil_tui.base.paths import config_file

    return config_file()


def load_config(given: Path | None) -> Config:
    """Read the config; one that is not valid ends the program."""
    from nobil_tui.config.errors import ConfigError
    from nobil_tui.config.reading import load_config

    try:
        return load_config(config_path(given))
    except ConfigError as error:
        fail(Code.USAGE, str(error))


def chooser(
    *,
    stations: int | None = None,
    seed: int | None = None,
    speed: float | None = None,
    tap: Tap | None = None,
    add_secret: AddSecret | None = None,
) -> SourceFactory:
    """Make what makes sources, by what was given on the command line."""
    from nobil_tui.sources.factory import SourceFactory

    return SourceFactory(
        os.environ,
        stations=STATIONS if stations is None else stations,
        seed=SEED if seed is None else seed,
        speed=speed,
        tap=tap,
        add_secret=add_secret,
    )


def chosen(choose: SourceFactory, config: Config, text: str | None) -> ChosenSource:
    """Make the source that ``--source`` names, or where that was not given the config.

    Ends the program where there is none, where a key shows in the command line, and where an option of the command
    that runs is of no use with it.
    """
    from nobil_tui.feeds.source import SourceError

    try:
        if text is not None:
            _refuse_key(text)
        named = config.stream.source if text is None else text
        chosen = choose(named, config)
        _refuse_idle(named)
    except SourceError as error:
        fail(Code.USAGE, str(error))
    return chosen


def _refuse_key(text: str) -> None:
    """Refuse a key that is written into ``--source``, unless it leads to this machine."""
    from nobil_tui.base.redaction import KEY_PLACEHOLDER
    from nobil_tui.sources.api_keys import API_KEY_VARIABLE
    from nobil_tui.sources.names import address_of

    address = address_of(text)
    if address is not None and address.contains_key and not address.is_local:
        fail(
            Code.USAGE,
            "A key is written into --source, and everybody on this machine can read a command line. "
            f"Write {KEY_PLACEHOLDER} in its place, and set the variable {API_KEY_VARIABLE}.",
        )


def _refuse_idle(text: str) -> None:
    """Refuse options that were given and would do nothing."""
    from nobil_tui.sources.names import Kind, kind_of

    params = click.get_current_context().params
    kind = kind_of(text.strip())
    for name, kinds in (("stations", {Kind.DEMO}), ("seed", {Kind.DEMO}), ("speed", {Kind.DEMO, Kind.RECORDING})):
        if params.get(name) is not None and kind not in kinds:
            recording = " or a recording" if Kind.RECORDING in kinds else ""
            raise click.UsageError(f"--{name} is for the simulation{recording}, not for this source.")
    if kind is Kind.DEMO:
        simulated_speed(params.get("speed"))


def simulated_speed(speed: float | None) -> float:
    """Return the speed of a simulation; one that it cannot have ends the program."""
    if speed is not None and not SLOWEST <= speed <= FASTEST:
        raise click.UsageError(f"--speed is from {SLOWEST:g} to {FASTEST:g} for the simulation.")
    return 1.0 if speed is None else speed


def cautions(path: Path, config: Config, chosen: ChosenSource) -> tuple[str, ...]:
    """Tell what a user should know of a config and a source: a sentence or two each."""
    from nobil_tui.config.reading import config_warnings as of_config

    return (*of_config(path, config), *chosen.cautions)


def warn(cautions: Iterable[str]) -> None:
    """Tell what a user should know, on stderr: for commands without a screen."""
    for caution in cautions:
        say(caution)


def start_log(level: str | None, config: Config | None = None, source: str | None = None) -> AddSecret:
    """Begin the log file, with every key that is known to be kept out of it; returns what is told of further ones."""
    from nobil_tui.base import paths
    from nobil_tui.base.redaction import secrets_in_query
    from nobil_tui.cli import log_file

    secrets = [value for name, value in os.environ.items() if name.startswith("NOBIL_") and name.endswith("_KEY")]
    secrets += [secret.reveal() for secret in config.secrets] if config is not None else []
    secrets += secrets_in_query(source or "")
    return log_file.start(paths.log_file(), level or LEVEL, secrets)
