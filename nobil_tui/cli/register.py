"""``nobil-tui register``: update or import the station register, or show its status."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from nobil_tui.base.paths import register_file
from nobil_tui.base.redaction import is_unencrypted
from nobil_tui.charging.register import CREDIT, Register
from nobil_tui.cli.click_classes import CommandWithExitCodes, SuggestingGroup
from nobil_tui.cli.exit_codes import SOURCE_EXIT_CODES, ExitCode
from nobil_tui.cli.messages import fail, print_message
from nobil_tui.cli.options import FilePath, config_option
from nobil_tui.cli.output import print_data, print_text
from nobil_tui.cli.progress import ProgressLine
from nobil_tui.cli.startup import config_path, load_config_or_fail, print_warnings
from nobil_tui.config.model import Country

if TYPE_CHECKING:
    from nobil_tui.register.progress import UpdateProgress
    from nobil_tui.register.update import UpdateOutcome

EPILOG = f"Data: {CREDIT}."


@click.group(cls=SuggestingGroup, epilog=EPILOG)
@config_option
def register(config: Path | None) -> None:
    """Fetch names, places and plugs of the stations.

    NOBIL's streams only send ids. The rest is in NOBIL's station register, which is stored on this
    machine. The source finland fetches its own, without a key.
    """
    del config  # The subcommands inherit it.


@register.command(cls=CommandWithExitCodes, exit_codes=SOURCE_EXIT_CODES, epilog=EPILOG)
@config_option
@click.option(
    "--country",
    "countries",
    type=click.Choice([*Country], case_sensitive=False),
    multiple=True,
    metavar="|".join(Country),
    help="Country to fetch; repeat for several.  [default: those of the config]",
)
@click.option(
    "--force",
    is_flag=True,
    help="Fetch even if the register is less than a day old, and accept far fewer stations.",
)
def update(config: Path | None, countries: tuple[str, ...], force: bool) -> None:
    """Fetch the register from NOBIL.

    Needs your API key: set NOBIL_REGISTER_KEY, or api_key under [register] in the config. Each
    country is stored when it is complete. If the update fails or is interrupted, the other
    countries are not changed.
    """
    from nobil_tui.config.reading import config_warnings
    from nobil_tui.register.api_key import register_key
    from nobil_tui.register.update import NO_KEY, update_register

    settings = load_config_or_fail(config)
    key = register_key(settings.register, os.environ)
    if key is None:
        fail(ExitCode.USAGE, NO_KEY)
    path = register_file()
    print_warnings(config_warnings(config_path(config), settings))
    address = settings.register.address
    if settings.register.api_key is None and is_unencrypted(address):
        print_message(
            "The address under [register] is http, so the key is sent unencrypted. Use https."
        )
    reporter = ProgressReporter()
    chosen = countries or tuple(settings.register.countries)
    work = update_register(path, chosen, key, address, on_progress=reporter.report, force=force)
    _print_outcome(_run(work, reporter))


@register.command(
    "import",
    cls=CommandWithExitCodes,
    exit_codes=(ExitCode.SUCCESS, ExitCode.FAILURE, ExitCode.USAGE, ExitCode.INTERRUPTED),
    epilog=EPILOG,
    short_help="Import the register from a file.",
)
@click.argument("file", type=FilePath())
@click.option("--merge", is_flag=True, help="Add to the stored stations instead of replacing them.")
@click.option(
    "--force",
    is_flag=True,
    help="Replace a country even if less than half of its stations would be left.",
)
def import_(file: Path, merge: bool, force: bool) -> None:
    """Import the register from FILE, a JSON dump of NOBIL's API, optionally gzipped.

    The stations of each country in the file replace the stored ones; other countries are not
    changed. A file with less than half of a country's stored stations is refused as incomplete,
    unless you pass --merge or --force.
    """
    from nobil_tui.register.update import import_register

    reporter = ProgressReporter()
    work = import_register(
        register_file(), file, merge=merge, on_progress=reporter.report, force=force
    )
    _print_outcome(_run(work, reporter, can_merge=True))


@register.command(
    cls=CommandWithExitCodes,
    exit_codes=(ExitCode.SUCCESS, ExitCode.FAILURE, ExitCode.USAGE),
    epilog=EPILOG,
)
def status() -> None:
    """Show where the register is stored, its contents and its age."""
    from nobil_tui.base.clock import Clock
    from nobil_tui.register.cache import CacheError, load_register, origin_name
    from nobil_tui.register.merge import licence_note, station_count
    from nobil_tui.register.update import ago

    path = register_file()
    try:
        cached = load_register(path)
    except CacheError as error:
        fail(ExitCode.FAILURE, str(error))
    if cached is None:
        print_text(f"No register yet. To fetch one to {path}, run: nobil-tui register update")
        return
    print_data(os.fsencode(path) + b"\n")
    now = Clock().now()
    for country, origin in sorted(cached.origins.items()):
        count, age = station_count(origin.stations), ago(origin.fetched_at, now)
        print_text(
            f"{origin_name(country)}: {count} from {origin.source}, "
            f"{age}{licence_note(origin.rights)}"
        )
    credits = Register(cached.facts, credit=CREDIT).credits
    print_text("\n".join(credits or [CREDIT]))


class ProgressReporter:
    """Report an update's progress on stderr: a line that is overwritten, or a line per country if
    not a terminal."""

    def __init__(self) -> None:
        self.line = ProgressLine()
        self._country = ""

    def report(self, progress: UpdateProgress) -> None:
        """Show the progress."""
        self.line.show(progress.words)
        if not self.line.on_terminal and progress.country != self._country:
            self._country = progress.country
            print_message(progress.words)


def _run(
    work: Coroutine[Any, Any, UpdateOutcome], reporter: ProgressReporter, *, can_merge: bool = False
) -> UpdateOutcome:
    """Run an update or import; end the program if it fails or is interrupted."""
    from nobil_tui.cli.event_loop import run_coroutine
    from nobil_tui.register.progress import UpdateError

    try:
        return run_coroutine(work)
    except Exit as interrupted:
        kept = "The stored register" if can_merge else "A country that was not complete"
        reporter.line.print_message(f"Interrupted. {kept} was not changed.")
        # SIGTERM is a success for other commands, but here the work is not complete.
        raise Exit(interrupted.exit_code or ExitCode.FAILURE) from None
    except UpdateError as error:
        reporter.line.clear()
        ways = "--merge to add them, or --force" if can_merge else "--force"
        hint = f" Use {ways} to replace the register anyway." if error.too_few else ""
        fail(ExitCode.KEY_REFUSED if error.refused else ExitCode.FAILURE, f"{error}{hint}")
    finally:
        reporter.line.clear()


def _print_outcome(outcome: UpdateOutcome) -> None:
    """Print what was stored, and on stderr what could not be read."""
    print_text(outcome.words + (" Use --force to fetch it again." if outcome.recent else ""))
    print_text(CREDIT)
    for problem, count in sorted(Counter(outcome.problems).items()):
        print_message(f"{problem} ({count:,})")
