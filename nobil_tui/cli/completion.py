"""``nobil-tui completion``: what makes a shell complete this program's commands and options."""

from __future__ import annotations

import click

from nobil_tui.cli.root import NAME, cli


@click.command(
    epilog="""\b
For bash, put this into ~/.bashrc:
  eval "$(nobil-tui completion bash)"
For zsh, into ~/.zshrc:
  eval "$(nobil-tui completion zsh)"
For fish:
  nobil-tui completion fish > ~/.config/fish/completions/nobil-tui.fish"""
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print a script that completes commands and options in a shell."""
    from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

    kinds: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    # The class's own way would start the shell to ask for its version.
    click.echo(ShellComplete.source(kinds[shell](cli, {}, NAME, "_NOBIL_TUI_COMPLETE")))
