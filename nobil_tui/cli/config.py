"""``nobil-tui config``: where the config file is, what it holds, and a first one."""

from __future__ import annotations

import os
from pathlib import Path

import click

from nobil_tui.cli import options
from nobil_tui.cli.exit_codes import Code
from nobil_tui.cli.lazy_group import Group


@click.group(cls=Group)
@options.config_option
def config(config: Path | None) -> None:
    """Show where the config file is and what it holds, or make one."""
    del config  # The commands below ask for it.


@config.command()
@options.config_option
def path(config: Path | None) -> None:
    """Print where the config file is, or would be."""
    # As bytes: a name of a file need not be text.
    click.echo(os.fsencode(options.config_path(config)))


@config.command()
@options.config_option
def show(config: Path | None) -> None:
    """Print the config file with its keys hidden; the defaults where there is none."""
    from nobil_tui.config.errors import ConfigError
    from nobil_tui.config.template import show_config

    try:
        click.echo(show_config(options.config_path(config)), nl=False)
    except ConfigError as error:
        options.fail(Code.USAGE, str(error))


@config.command()
@options.config_option
def init(config: Path | None) -> None:
    """Write a config file of comments that show the defaults; one that is there is left alone."""
    from nobil_tui.base.files import NotSavedError
    from nobil_tui.config.template import init_config

    file = options.config_path(config)
    try:
        init_config(file)
    except NotSavedError as error:
        options.fail(Code.FAILED, str(error))
    click.echo(os.fsencode(file))
