"""``nobil-tui completion``: print a completion script for a shell."""

from __future__ import annotations

import click

from nobil_tui.cli.commands import HelpfulCommand
from nobil_tui.cli.output import print_text
from nobil_tui.cli.root import NAME, cli


@click.command(
    cls=HelpfulCommand,
    epilog="""\b
For bash, add to ~/.bashrc:
  eval "$(nobil-tui completion bash)"
For zsh, add to ~/.zshrc:
  eval "$(nobil-tui completion zsh)"
For fish, run:
  nobil-tui completion fish > ~/.config/fish/completions/nobil-tui.fish""",
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print a completion script for bash, zsh or fish."""
    from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

    kinds: dict[str, type[ShellComplete]] = {
        "bash": BashComplete,
        "zsh": ZshComplete,
        "fish": FishComplete,
    }
    # Without an instance: BashComplete starts the shell to check its version.
    print_text(ShellComplete.source(kinds[shell](cli, {}, NAME, "_NOBIL_TUI_COMPLETE")))
