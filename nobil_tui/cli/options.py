"""The options that several commands share.

An option before a command applies to it too: ``nobil-tui --source X tail`` equals ``nobil-tui tail
--source X``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nobil_tui.base.paths import expand_user
from nobil_tui.feeds.simulation.limits import DEFAULT_SEED, DEFAULT_STATIONS, MAX_SIMULATED_STATIONS
from nobil_tui.sources import catalogue

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
DEFAULT_LOG_LEVEL = "WARNING"


def parse_speed(text: str) -> float:
    """Parse a speed: a positive number, or ``max`` for infinity."""
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise click.BadParameter("expected a number above 0, such as 10, or max.")
    return speed


class Number(click.IntRange):
    """A whole number within limits."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            limits = f"from {self.min} to {self.max}" if self.max is not None else "above 0"
            self.fail(f"expected a number {limits}.", param, ctx)


class FilePath(click.Path):
    """The path of a file. ``~`` is expanded: bash leaves it after ``--option=``."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        if not os.fspath(value):
            # As of a variable that is not set: the current folder is not what was meant.
            self.fail("expected the path of a file.", param, ctx)
        return super().convert(expand_user(os.fspath(value)), param, ctx)


def inherit(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Return an option's value, or the one given before the command."""
    above = ctx.parent
    while value is None and above is not None:
        value = above.params.get(param.name or "")
        above = above.parent
    return value


def _complete_source(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    kinds = catalogue.typed_names()
    items = [
        CompletionItem(name, help=kind.summary)
        for name, kind in kinds.items()
        if name.startswith(incomplete)
    ]
    # The shell itself completes an item of type "file".
    return items or [CompletionItem(incomplete, type="file")]


def source_option(command: Decorated) -> Decorated:
    """Add ``--source``: a name, an address or a file."""
    return click.option(
        "--source",
        metavar="SOURCE",
        callback=inherit,
        shell_complete=_complete_source,
        help=f"The source to connect to: {catalogue.expected()}.",
    )(command)


def config_option(command: Decorated) -> Decorated:
    """Add ``--config``: the config file."""
    return click.option(
        "--config",
        type=FilePath(),
        metavar="PATH",
        callback=inherit,
        help="Use another config file.",
    )(command)


def stations_option(command: Decorated) -> Decorated:
    """Add ``--stations``: the size of the simulation."""
    return click.option(
        "--stations",
        type=Number(1, MAX_SIMULATED_STATIONS),
        metavar="N",
        callback=inherit,
        help=f"Number of simulated stations.  [default: {DEFAULT_STATIONS}]",
    )(command)


def seed_option(command: Decorated) -> Decorated:
    """Add ``--seed``: the seed of the simulation."""
    return click.option(
        "--seed",
        type=int,
        metavar="N",
        callback=inherit,
        help=f"Seed of the simulation.  [default: {DEFAULT_SEED}]",
    )(command)


def speed_option(command: Decorated) -> Decorated:
    """Add ``--speed``: the speed of the simulation or a recording."""
    return click.option(
        "--speed",
        type=parse_speed,
        metavar="X",
        callback=inherit,
        help=(
            "Speed of the simulation or a recording; max plays a recording as fast as possible."
            "  [default: 1]"
        ),
    )(command)


def log_level_option(command: Decorated) -> Decorated:
    """Add ``--log-level``: the level of the log file."""
    return click.option(
        "--log-level",
        type=click.Choice(LOG_LEVELS, case_sensitive=False),
        metavar="LEVEL",
        callback=inherit,
        help=f"Level of the log file: {', '.join(LOG_LEVELS)}.  [default: {DEFAULT_LOG_LEVEL}]",
    )(command)


def keys_option(command: Decorated) -> Decorated:
    """Add ``--keys``: the file of the hub's API keys."""
    return click.option(
        "--keys",
        type=FilePath(),
        metavar="FILE",
        callback=inherit,
        help="The file of the clients' API keys.  [default: hub-keys.json beside the config]",
    )(command)


def log_format_option(command: Decorated) -> Decorated:
    """Add ``--log-format``: how a service writes its events."""
    return click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Format of stderr. An invalid command line is reported as text.",
    )(command)


def publish_option(*, required: bool) -> Callable[[Decorated], Decorated]:
    """Add ``--publish``: the NATS server to publish at."""

    def add(command: Decorated) -> Decorated:
        return click.option(
            "--publish",
            metavar="URL",
            required=required,
            help="Publish the source at a NATS server, such as nats://127.0.0.1:4222.",
        )(command)

    return add
