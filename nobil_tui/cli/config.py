"""``nobil-tui config``: print the config file's path or content, or create the file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from nobil_tui.cli.click_classes import SuggestingGroup
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail
from nobil_tui.cli.options import config_option
from nobil_tui.cli.output import print_data
from nobil_tui.cli.startup import config_path


@click.group(cls=SuggestingGroup)
@config_option
def config(config: Path | None) -> None:
    """Show or create the config file."""
    del config  # The subcommands inherit it.


@config.command()
@config_option
def path(config: Path | None) -> None:
    """Print the path of the config file, whether or not it exists."""
    # As bytes: a file name need not be valid text.
    print_data(os.fsencode(config_path(config)) + b"\n")


@config.command()
@config_option
def show(config: Path | None) -> None:
    """Print the config file or the defaults, with API keys hidden."""
    from nobil_tui.config.errors import ConfigError
    from nobil_tui.config.template import show_config

    try:
        print_data(show_config(config_path(config)).encode())
    except ConfigError as error:
        fail(ExitCode.USAGE, str(error))


@config.command()
@config_option
def init(config: Path | None) -> None:
    """Create a config file that explains every setting. An existing file is not changed."""
    from nobil_tui.base.files import NotSavedError
    from nobil_tui.config.template import init_config

    file = config_path(config)
    try:
        init_config(file)
    except NotSavedError as error:
        fail(ExitCode.FAILURE, str(error))
    print_data(os.fsencode(file) + b"\n")
