"""Click commands and groups that suggest similar commands, list exit codes, and import commands on
use."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from nobil_tui.base.patterns import LazyPattern
from nobil_tui.base.text import did_you_mean, quoted
from nobil_tui.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from nobil_tui.cli.output import print_text

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_SHOWABLE = LazyPattern(r"[\w-]{1,24}")
"""A word that is too short to be an API key, so that an error message may repeat it."""


def write_exit_codes(formatter: click.HelpFormatter, codes: Iterable[ExitCode]) -> None:
    """Write the section of ``--help`` that describes ``codes``."""
    with formatter.section("Exit codes"):
        formatter.write_dl([(str(int(code)), EXIT_CODE_HELP[code]) for code in codes])


def _print_help(ctx: click.Context, _: click.Parameter, requested: bool) -> None:
    if requested and not ctx.resilient_parsing:
        print_text(ctx.get_help())
        ctx.exit()


class HelpfulCommand(click.Command):
    """A command that prints ``--help`` like every other output."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option ``--help``."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _print_help
        return option


class CommandWithExitCodes(HelpfulCommand):
    """A command that lists its exit codes in ``--help``."""

    def __init__(self, *args: Any, exit_codes: Iterable[ExitCode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exit_codes = tuple(exit_codes)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes and the epilog."""
        write_exit_codes(formatter, self.exit_codes)
        super().format_epilog(ctx, formatter)


class SuggestingGroup(HelpfulCommand, click.Group):
    """A group that suggests a similar command for a misspelt one."""

    command_class = HelpfulCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names. Raises ``UsageError``."""
        name, names = args[0], self.list_commands(ctx)
        if name not in names and not name.startswith("-") and not ctx.resilient_parsing:
            unknown = f" {quoted(name)}" if _SHOWABLE.fullmatch(name) else ""
            raise click.UsageError(f"Unknown command{unknown}.{did_you_mean(name, names)}", ctx)
        return super().resolve_command(ctx, args)


class LazyCommand(NamedTuple):
    """A command that is not imported yet."""

    module: str
    """The module, which holds the command under its name in the table."""
    help: str
    """One line for the list of commands."""


class LazyGroup(SuggestingGroup):
    """A group of commands in a table that are imported when called; help and completion only read
    the table."""

    def __init__(self, *args: Any, lazy_commands: dict[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy_commands = lazy_commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [*self._lazy_commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it."""
        entry = self._lazy_commands.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(entry.module)
        # A command must not hide a built-in such as list in its own module.
        command: click.Command = getattr(module, f"{cmd_name}_command", None) or getattr(
            module, cmd_name
        )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table into ``--help``."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self._lazy_commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of the table, and options."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=entry.help)
            for name, entry in self._lazy_commands.items()
            if name.startswith(incomplete)
        ]
        # The implementation of click.Group would import every command for its help.
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]
