"""``nobil-tui register``: fetches or imports the station register, and tells what is there."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from nobil_tui.base.redaction import is_unencrypted
from nobil_tui.charging.register import CREDIT, country_name
from nobil_tui.cli import options
from nobil_tui.cli.exit_codes import Code
from nobil_tui.cli.lazy_group import Group
from nobil_tui.config.model import Country

if TYPE_CHECKING:
    from nobil_tui.register.update import UpdateOutcome, UpdateProgress

EPILOG = f"The data: {CREDIT}."


@click.group(cls=Group, epilog=EPILOG)
@options.config_option
def register(config: Path | None) -> None:
    """Fetch names, places and plugs of the stations.

    The streams carry only ids; the rest stands in NOBIL's station register. It is fetched, or imported from a file that
    you have, and kept for all later sessions.
    """
    del config  # The command below asks for it.


@register.command(epilog=EPILOG)
@options.config_option
@click.option(
    "--country",
    "countries",
    type=click.Choice([*Country], case_sensitive=False),
    multiple=True,
    metavar="|".join(Country),
    help="Whose stations; may be given more than once.  [default: those of the config]",
)
@click.option("--force", is_flag=True, help="Fetch also what is not a day old, and store it however little comes.")
def update(config: Path | None, countries: tuple[str, ...], force: bool) -> None:
    """Fetch it from NOBIL.

    It takes a key of yours, from the variable NOBIL_REGISTER_KEY or from api_key under [register] in the config. What
    fails, or is stopped with Ctrl-C, leaves the register as it was.

    Exit codes: 0 done, 1 failed, 2 no key or no valid config, 3 the key was refused, 130 stopped with Ctrl-C.
    """
    from nobil_tui.base.paths import register_file
    from nobil_tui.config.reading import config_warnings
    from nobil_tui.register import update as update_module

    settings = options.load_config(config)
    key = settings.register.key(os.environ)
    if key is None:
        options.fail(Code.USAGE, update_module.NO_KEY)
    options.warn(config_warnings(options.config_path(config), settings))
    address = settings.register.address
    if settings.register.api_key is None and is_unencrypted(address):
        options.say("[register] address is http: the key goes over the network unencrypted. Use https.")
    line = ProgressLine()
    chosen = countries or tuple(settings.register.countries)
    outcome = run(
        update_module.update_register(register_file(), chosen, key, address, tell=line.tell, force=force), line
    )
    report(outcome)


@register.command("import", epilog=EPILOG, short_help="Take it from a file that you have.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--merge", is_flag=True, help="Add the stations to those that are there, instead of replacing them.")
@click.option("--force", is_flag=True, help="Replace a country also by under half as many stations.")
def import_(file: Path, merge: bool, force: bool) -> None:
    """Take it from FILE: a dump of NOBIL's API as JSON, also gzipped.

    Its stations replace all stored ones of the countries that it has, and leave those of other countries. A file with
    under half as many stations of a country as are stored is a part and no register: it is refused unless you say
    --merge or --force.

    Exit codes: 0 done, 1 failed, 2 usage.
    """
    from nobil_tui.base.paths import register_file
    from nobil_tui.register import update as update_module

    line = ProgressLine()
    report(
        run(
            update_module.import_register(register_file(), file, merge=merge, tell=line.tell, force=force),
            line,
            merge=True,
        )
    )


@register.command(epilog=EPILOG)
def status() -> None:
    """Tell where it is, what it has and how old it is.

    Exit codes: 0 done, also where there is none; 1 it cannot be read.
    """
    from nobil_tui.base.clock import Clock
    from nobil_tui.base.paths import register_file
    from nobil_tui.register.cache import CacheError, load_register
    from nobil_tui.register.merge import licence_note, station_count
    from nobil_tui.register.update import ago

    path = register_file()
    try:
        cached = load_register(path)
    except CacheError as error:
        options.fail(Code.FAILED, str(error))
    if cached is None:
        click.echo(f"There is no register yet. “nobil-tui register update” fetches one to {path}.")
        return
    click.echo(path)
    now = Clock().now()
    for country, origin in sorted(cached.origins.items()):
        count, age = station_count(origin.stations), ago(origin.fetched_at, now)
        words = f"{count} from {origin.source}, {age}{licence_note(origin.rights)}"
        click.echo(f"{country_name(country)}: {words}")
    click.echo(CREDIT)


class ProgressLine:
    """How far it is, on stderr: one line that changes on a terminal, else a line for each country."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._country = ""

    def tell(self, progress: UpdateProgress) -> None:
        """Say how far it is."""
        if self._terminal:
            words = progress.words[: shutil.get_terminal_size().columns - 1]
            click.echo(f"\r\x1b[K{words}", err=True, nl=False)
        elif progress.country != self._country:
            self._country = progress.country
            options.say(progress.words)

    def clear(self) -> None:
        """Take the line away."""
        if self._terminal:
            click.echo("\r\x1b[K", err=True, nl=False)


def run(work: Coroutine[Any, Any, UpdateOutcome], line: ProgressLine, *, merge: bool = False) -> UpdateOutcome:
    """Run a renewal; one that fails, or is stopped, ends the program."""
    from nobil_tui.cli.event_loop import run as running
    from nobil_tui.register.update import UpdateError

    try:
        return running(work)
    except Exit as stopped:
        line.clear()
        options.say("Stopped. What was stored of the register is still there.")
        # It is not done, whoever stopped it.
        raise Exit(stopped.exit_code or Code.FAILED) from None
    except UpdateError as error:
        line.clear()
        more = (" --merge adds them to what is there;" if merge else "") + " --force stores them all the same."
        options.fail(Code.REFUSED if error.refused else Code.FAILED, f"{error}{more if error.too_few else ''}")
    finally:
        line.clear()


def report(outcome: UpdateOutcome) -> None:
    """Tell what came of it: on stdout what is stored, on stderr what of it could not be read."""
    click.echo(outcome.words + (" --force fetches it again." if outcome.recent else ""))
    click.echo(CREDIT)
    for problem, count in sorted(Counter(outcome.problems).items()):
        options.say(f"{problem} ({count:,})")
