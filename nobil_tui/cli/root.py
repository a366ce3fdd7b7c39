"""The program itself: open the app, or run a command."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from nobil_tui.base.paths import NoHomeError, drop_relative_folders
from nobil_tui.base.version import VERSION
from nobil_tui.cli import options
from nobil_tui.cli.click_classes import LazyGroup, write_exit_codes
from nobil_tui.cli.commands import CLI_COMMANDS
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import print_error, print_message
from nobil_tui.cli.output import print_text

NAME = "nobil-tui"


def _show_version(ctx: click.Context, _: click.Parameter, requested: bool) -> None:
    if not requested or ctx.resilient_parsing:
        return
    print_text(f"{NAME} {VERSION}")
    ctx.exit()


class Root(LazyGroup):
    """The program: its commands and exit codes."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names, or say how to give a source."""
        if args[0] not in CLI_COMMANDS and not ctx.resilient_parsing:
            from nobil_tui.sources.names import may_be_source

            if may_be_source(args[0]):
                raise click.UsageError("Use --source to name a source.", ctx)
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes."""
        write_exit_codes(formatter, ExitCode)


@click.group(
    cls=Root,
    lazy_commands=CLI_COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@options.source_option
@options.config_option
@options.stations_option
@options.seed_option
@options.speed_option
@click.option(
    "--ascii/--no-ascii",
    default=None,
    help="Draw with ASCII characters only, or with Unicode.  [default: as the terminal can]",
)
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
    ascii: bool | None,
    log_level: str | None,
) -> None:
    """See live, in a terminal, which electric car chargers are free.

    Without a command, open the app on the source of --source or the config, or on a simulation.
    """
    if ctx.invoked_subcommand is not None:
        _refuse_unused_options(ctx, ctx.invoked_subcommand)
        return
    from nobil_tui.cli.app import open_app
    from nobil_tui.cli.startup import CommonOptions

    ctx.exit(open_app(CommonOptions(source, config, stations, seed, speed, log_level), ascii=ascii))


def _refuse_unused_options(ctx: click.Context, name: str) -> None:
    """Refuse an option before a command that does not have it: it would have no effect."""
    command = cli.get_command(ctx, name)
    taken = {param.name for param in command.params} if command is not None else set()
    for param in cli.params:
        given = ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
        if given and param.name not in taken:
            raise click.UsageError(f"{param.opts[0]} does not apply to {name}.", ctx)


def run_command_line(args: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    drop_relative_folders(os.environ)
    try:
        code = cli.main([*args], NAME, standalone_mode=False)
    except click.Abort:
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        print_error(error)
        return error.exit_code
    except NoHomeError as error:
        print_message(str(error))
        return ExitCode.USAGE
    except Exception as error:  # noqa: BLE001  # reported with its traceback in the log
        from nobil_tui.cli.crash import report_crash

        print_message(report_crash(error))
        return ExitCode.FAILURE
    return code if isinstance(code, int) else ExitCode.SUCCESS
