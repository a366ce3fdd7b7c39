"""``nobil-tui`` itself: opens the app, or leads to a command."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click
from click.core import ParameterSource

from nobil_tui.cli import options
from nobil_tui.cli.exit_codes import WORDS, Code
from nobil_tui.cli.lazy_group import Entry, LazyGroup

NAME = "nobil-tui"
HARDLY_ANY_COLLECTIONS = (200_000, 20, 50)
"""The collector's thresholds. Imports make a hundred thousand objects that stay: to look for garbage costs 15 ms."""

COMMANDS = {
    "tail": Entry("nobil_tui.cli.tail", "Print changes as JSON Lines, for scripts."),
    "record": Entry("nobil_tui.cli.record", "Write what a source sends to a file."),
    "register": Entry("nobil_tui.cli.register", "Fetch names, places and plugs of the stations."),
    "serve": Entry("nobil_tui.cli.serve", "Serve the simulation with the stream API."),
    "config": Entry("nobil_tui.cli.config", "Where the config file is, what it holds, or a first one."),
    "completion": Entry("nobil_tui.cli.completion", "Print a script that completes commands in a shell."),
}


def _show_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if not asked or ctx.resilient_parsing:
        return
    from importlib import metadata

    try:
        version = metadata.version(NAME)
    except metadata.PackageNotFoundError:
        version = "(not installed: run from its source)"
    click.echo(f"{NAME} {version}")
    ctx.exit()


class Root(LazyGroup):
    """The program."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names, which a source is not."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            from nobil_tui.sources.names import may_be_source

            if may_be_source(args[0]):
                raise click.UsageError("A source is given with --source.", ctx)
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Tell the exit codes."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), words) for code, words in WORDS.items()])


@click.group(
    cls=Root,
    entries=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@options.source_option
@options.config_option
@options.stations_option
@options.seed_option
@options.speed_option
@click.option("--ascii", is_flag=True, help="Draw with ASCII only.")
@options.log_level_option
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def cli(
    ctx: click.Context,
    source: str | None,
    config: Path | None,
    stations: int | None,
    seed: int | None,
    speed: float | None,
    ascii: bool,
    log_level: str | None,
) -> None:
    """See live, in a terminal, which electric car chargers are free.

    Without a command it opens the app, on the source that --source or the config names; without one, on a simulation.
    """
    if ctx.invoked_subcommand is not None:
        _refuse_idle_options(ctx, ctx.invoked_subcommand)
        return
    from nobil_tui.cli.app import open_app
    from nobil_tui.cli.startup import Asked

    ctx.exit(open_app(Asked(source, config, stations, seed, speed, log_level), ascii=ascii))


def _refuse_idle_options(ctx: click.Context, name: str) -> None:
    """Refuse what was given before a command that has no such option: it would do nothing, and say nothing."""
    command = cli.get_command(ctx, name)
    taken = {param.name for param in command.params} if command is not None else set()
    for param in cli.params:
        given = ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
        if given and param.name not in taken:
            raise click.UsageError(f"{param.opts[0]} is not for {name}.", ctx)


def run(args: Sequence[str]) -> int:
    """Run the command line; returns the code to exit with."""
    try:
        code = cli.main([*args], NAME, standalone_mode=False)
    except click.Abort:
        return Code.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return code if isinstance(code, int) else Code.QUIT


def main() -> NoReturn:
    """Run the command line and exit."""
    gc.set_threshold(*HARDLY_ANY_COLLECTIONS)
    sys.exit(run(sys.argv[1:]))
