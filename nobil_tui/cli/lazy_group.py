"""A group whose commands are loaded when they are called: their names and short help stand in a table."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_WORD = re.compile(r"[\w-]{1,24}")
"""What can be no key, and so can be shown."""


class Entry(NamedTuple):
    """A command that is not loaded yet."""

    module: str
    """Where it is; the command has the same name as in the table."""
    help: str
    """One line."""


class Group(click.Group):
    """A group that tells what a mistyped command is most like."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names."""
        name, names = args[0], self.list_commands(ctx)
        if name not in names and not name.startswith("-") and not ctx.resilient_parsing:
            from nobil_tui.base.text import did_you_mean, quoted

            what = f" {quoted(name)}" if _WORD.fullmatch(name) else " of that name"
            raise click.UsageError(f"There is no command{what}.{did_you_mean(name, names)}", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """A group over a table of entries. Help and completion read the table alone."""

    def __init__(self, *args: Any, entries: dict[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the table's order."""
        return [*self._entries]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        entry = self._entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(importlib.import_module(entry.module), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self._entries.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names from the table, and options."""
        from click.shell_completion import CompletionItem

        entries = self._entries.items()
        commands = [CompletionItem(name, help=entry.help) for name, entry in entries if name.startswith(incomplete)]
        # Not the group's way, which loads every command for its help.
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]
