"""``nobil-tui completion``: print a completion script for a shell."""

from __future__ import annotations

import click

from nobil_tui.cli.click_classes import HelpfulCommand
from nobil_tui.cli.output import print_text
from nobil_tui.cli.root import NAME, cli

# click's own script needs bash 4.4; macOS has bash 3.2, without "nosort" and "compopt".
_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' response completion kind value
    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \\
        %(complete_var)s=bash_complete "$1")
    COMPREPLY=()
    for completion in $response; do
        kind=${completion%%%%,*}
        value=${completion#*,}
        case $kind in
            dir) compopt -o dirnames 2>/dev/null || COMPREPLY=($(compgen -d -- "$value")) ;;
            file) compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$value")) ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null ||
    complete -F %(complete_func)s %(prog_name)s
"""


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

    class OldBashComplete(BashComplete):
        source_template = _BASH

    kinds: dict[str, type[ShellComplete]] = {
        "bash": OldBashComplete,
        "zsh": ZshComplete,
        "fish": FishComplete,
    }
    # Without an instance: BashComplete starts the shell to check its version.
    print_text(ShellComplete.source(kinds[shell](cli, {}, NAME, "_NOBIL_TUI_COMPLETE")))
