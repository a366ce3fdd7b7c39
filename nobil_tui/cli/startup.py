"""The start of a command: read the config, start the log file, choose the source and open it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from nobil_tui.base import paths
from nobil_tui.base.paths import config_file, if_home
from nobil_tui.base.redaction import (
    KEY_PLACEHOLDER,
    Redactor,
    is_secret_variable,
    secrets_in_query,
)
from nobil_tui.base.text import safe_path
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail, print_message
from nobil_tui.cli.options import DEFAULT_LOG_LEVEL
from nobil_tui.feeds.simulation.limits import DEFAULT_SEED, DEFAULT_STATIONS, MAX_SPEED, MIN_SPEED
from nobil_tui.sources import catalogue

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from nobil_tui.config.model import Config
    from nobil_tui.feeds.source import ChosenSource
    from nobil_tui.feeds.transport.link import Tap
    from nobil_tui.session.session import Session
    from nobil_tui.sources.factory import SourceFactory


_temporary: list[TemporaryDirectory[str]] = []
"""A folder that is deleted when the program ends; at most one."""

NOTHING_SAVED = "There is no home folder, so nothing is saved. Set HOME to the path of one."


class CommonOptions(NamedTuple):
    """The options of every command that connects to a source; None if not given."""

    source: str | None
    config: Path | None
    stations: int | None
    seed: int | None
    speed: float | None
    log_level: str | None


class Startup(NamedTuple):
    """What a command needs to connect to a source."""

    config_path: Path | None
    """The config file; None without a home folder for one."""
    config: Config
    make_source: SourceFactory
    chosen: ChosenSource
    """The source, not opened yet."""
    warnings: tuple[str, ...]
    """What the user should know about the config and the source."""
    redactor: Redactor
    """Removes the API keys from the diagnostics."""


def start_up(options: CommonOptions, tap: Tap | None = None) -> Startup:
    """Read the config, start the log file and choose the source; end the program if one of them is
    invalid.

    ``tap`` receives the frames of the source's link.
    """
    from nobil_tui.config.reading import config_warnings
    from nobil_tui.sources.factory import SourceFactory
    from nobil_tui.sources.request import SourceOptions

    path = if_home(lambda: config_path(options.config))
    config = load_config_or_fail(options.config)
    redactor = start_log(options.log_level, config, options.source)
    source_options = SourceOptions(
        DEFAULT_STATIONS if options.stations is None else options.stations,
        DEFAULT_SEED if options.seed is None else options.seed,
        options.speed,
        tap=tap,
        add_secret=redactor.learn,
    )
    make_source = SourceFactory(os.environ, source_options)
    chosen = _choose_source(make_source, config, options.source, path)
    about = (NOTHING_SAVED,) if path is None else config_warnings(path, config)
    return Startup(path, config, make_source, chosen, (*about, *chosen.warnings), redactor)


def open_session(session: Session) -> None:
    """Open a session's source and say if it is simulated; end the program if it cannot be
    opened."""
    from nobil_tui.feeds.source import SourceError

    try:
        session.open()
    except SourceError as error:
        fail(ExitCode.FAILURE, str(error))
    if session.source.simulated:
        print_message(f"SIMULATED: {session.source.name} is not real data.")


def register_path() -> Path | None:
    """Return the path of the register. Without a home folder, return a temporary one, so that the
    names that a source publishes are still shown; None if that is impossible too."""
    if (path := if_home(paths.register_file)) is not None:
        return path
    from tempfile import TemporaryDirectory

    try:
        if not _temporary:
            _temporary.append(TemporaryDirectory(prefix="nobil-tui-", ignore_cleanup_errors=True))
    except OSError:
        return None
    return Path(_temporary[0].name) / "register.msgpack"


def print_warnings(warnings: Iterable[str]) -> None:
    """Print warnings on stderr, for commands without a screen."""
    for warning in warnings:
        print_message(warning)


# The config and the log


def config_path(given: Path | None) -> Path:
    """Return the config file that was given, or the default one. Raises ``NoHomeError``."""
    if given is not None:
        return given
    return config_file()


def _require_config(given: Path | None) -> None:
    """End the program if a config file was named that does not exist."""
    if given is None:
        return
    try:
        given.stat()
    except (FileNotFoundError, NotADirectoryError):
        import shlex

        path = safe_path(given)
        fail(
            ExitCode.USAGE,
            f"There is no config file {path}. To create it, run: nobil-tui config init --config "
            f"{shlex.quote(path)}",
        )
    except OSError:
        # Reading it reports why.
        pass


def load_config_or_fail(given: Path | None) -> Config:
    """Read the config that was given, or the default one; the defaults where there is no place for
    one.

    Ends the program if it is invalid.
    """
    from nobil_tui.config import reading
    from nobil_tui.config.errors import ConfigError
    from nobil_tui.config.model import Config

    _require_config(given)
    path = if_home(lambda: config_path(given))
    try:
        return reading.load_config(path) if path is not None else Config()
    except ConfigError as error:
        fail(ExitCode.USAGE, str(error))


def start_log(
    level: str | None, config: Config | None = None, source: str | None = None
) -> Redactor:
    """Start the log file and keep every known API key out of it; return the redactor, which can
    learn more keys."""
    return start_log_in(paths.if_home(paths.log_file), level, config, source)


def start_log_in(
    path: Path | None,
    level: str | None,
    config: Config | None = None,
    source: str | None = None,
) -> Redactor:
    """Start a log file at ``path``; log nothing without a path."""
    from nobil_tui.cli.log_file import start_logging

    secrets = [value for name, value in os.environ.items() if is_secret_variable(name)]
    secrets += [secret.reveal() for secret in config.secrets] if config is not None else []
    secrets += secrets_in_query(source or "")
    return start_logging(path, level or DEFAULT_LOG_LEVEL, secrets)


# The source


def _choose_source(
    make_source: SourceFactory, config: Config, text: str | None, path: Path | None
) -> ChosenSource:
    """Make the source of ``--source``, or else of the config, which is at ``path``.

    Ends the program if there is no such source, if the command line shows an API key, or if an
    option does not apply.
    """
    from nobil_tui.feeds.source import SourceError

    if text is not None and not text.strip():
        # Probably an unset variable: the user did not mean the simulation.
        fail(ExitCode.USAGE, f"--source is empty; expected {catalogue.expected()}.")
    try:
        if text is not None:
            _refuse_key(text)
        named = config.stream.source if text is None else text
        chosen = make_source(named, config)
        _refuse_unused_options(named)
    except SourceError as error:
        where = ""
        if text is None and config.stream.source and path is not None:
            where = f" The source is set in {safe_path(path)}."
        fail(ExitCode.USAGE, f"{error}{where}")
    return chosen


def _refuse_key(text: str) -> None:
    """Refuse an API key in ``--source``, unless the address is on this machine."""
    from nobil_tui.sources.names import address_of, kind_of

    refuse_login("--source", text)
    address, rule = address_of(text), kind_of(text.strip()).key
    if address is not None and rule is not None and address.contains_key and not address.is_local:
        fail(
            ExitCode.USAGE,
            "--source contains an API key, and every user of this machine can read a command line. "
            f"Write {KEY_PLACEHOLDER} in place of the key and set {rule.variable}.",
        )


def refuse_login(option: str, text: str) -> None:
    """Refuse a login in the address of a NATS server, unless that is on this machine.

    Ends the program; one that cannot be read is reported later.
    """
    from nobil_tui.feeds.nats.server import contains_login, is_nats_address, parse_server
    from nobil_tui.feeds.source import SourceError

    try:
        shown = is_nats_address(text) and contains_login(text)
        shown = shown and not parse_server(text, {}).is_local
    except SourceError:
        return
    if shown:
        fail(
            ExitCode.USAGE,
            f"{option} contains a login, and every user of this machine can read a command line. "
            "Remove it, and set NOBIL_NATS_CREDS, NOBIL_NATS_TOKEN, or NOBIL_NATS_USER and "
            "NOBIL_NATS_PASSWORD.",
        )


def _refuse_unused_options(text: str) -> None:
    """Refuse options that have no effect on this source."""
    from nobil_tui.sources.names import kind_of

    params = click.get_current_context().params
    kind = kind_of(text.strip())
    for name in ("stations", "seed", "speed"):
        if params.get(name) is not None and name not in kind.options:
            raise click.UsageError(f"--{name} only applies to {catalogue.kinds_with_option(name)}.")
    if kind.simulated:
        simulation_speed(params.get("speed"))


def simulation_speed(speed: float | None) -> float:
    """Return the speed of a simulation; raise ``UsageError`` if it is out of range."""
    if speed is not None and not MIN_SPEED <= speed <= MAX_SPEED:
        raise click.UsageError(
            f"--speed must be from {MIN_SPEED:g} to {MAX_SPEED:g} for the simulation."
        )
    return 1.0 if speed is None else speed
