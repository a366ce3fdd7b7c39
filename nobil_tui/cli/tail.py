"""``nobil-tui tail``: changes as lines, for scripts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nobil_tui.cli import options
from nobil_tui.cli.exit_codes import Code
from nobil_tui.cli.startup import Asked, begin, opened, tell

if TYPE_CHECKING:
    from nobil_tui.charging.register import Register
    from nobil_tui.config.model import Config
    from nobil_tui.feeds.source import Source
    from nobil_tui.store.state_store import StateStore


@click.command()
@click.argument("wanted", nargs=-1, metavar="[STATION]...")
@options.source_option
@options.config_option
@click.option("--watched", is_flag=True, help="Only the stations that are starred in the config.")
@options.stations_option
@options.seed_option
@options.speed_option
@options.log_level_option
def tail(
    wanted: tuple[str, ...],
    source: str | None,
    config: Path | None,
    watched: bool,
    stations: int | None,
    seed: int | None,
    speed: float | None,
    log_level: str | None,
) -> None:
    """Print what changes, as it happens, one JSON object a line.

    Of all stations, or of those whose ids are given (and the starred ones with --watched). Only data goes to the
    standard output; what becomes of the link is told on stderr. It runs until it is stopped (Ctrl-C), until nobody
    reads any more, or until a recording ends.

    \b
    time       when we learned of it: 2026-03-23T12:00:00.107Z
    station    the station's id: NOR_01333
    name       the station's name; null where it is not known
    connector  the connector's number, from 1
    before     free, occupied, blocked, reserved, fault, unknown
               or not in service; null at first sight
    after      the same; null where the connector is gone
    word       the stream's own word for it; null where it has none
    missed     true for what happened while not connected
    credit     who is to be named where the name is shown; null
               where the name is not known, or made up

    A stream that begins with a snapshot has no first sights in it. NOBIL Real-time has none: what it names for the
    first time is compared with the last known state, and where there is none, its before is null.
    """
    from nobil_tui.cli.event_loop import run
    from nobil_tui.headless.link_reporter import KeyRefusedError
    from nobil_tui.headless.stdout import Out
    from nobil_tui.headless.tail import Tail

    if sys.stdout is None:
        options.fail(Code.FAILED, "There is no standard output to print to.")
    out = Out(sys.stdout.fileno())
    settings, chosen = begin(Asked(source, config, stations, seed, speed, log_level))
    only = _only(wanted, watched, settings)
    with closing(chosen), _store(chosen) as store:
        feed, its_own, clock, _ = opened(chosen)
        register = _own_register() if its_own is None else its_own
        try:
            run(Tail(feed, chosen.name, register, out, tell, stations=only, store=store, clock=clock).run())
        except KeyRefusedError as error:
            options.fail(Code.REFUSED, str(error))
        except OSError as error:
            options.fail(Code.FAILED, f"Cannot print any more: {error.strerror or 'the system refuses'}.")


def _only(wanted: tuple[str, ...], watched: bool, config: Config) -> frozenset[str] | None:
    """Return the stations that are asked for; None for all."""
    if not watched:
        return frozenset(wanted) or None
    if not config.watched.stations and not wanted:
        options.fail(Code.USAGE, "No station is starred. Star some in the app, or name them.")
    return frozenset([*wanted, *config.watched.stations])


def _own_register() -> Register:
    """Return the user's own register; an empty one where there is none."""
    from nobil_tui.base.paths import register_file
    from nobil_tui.charging.register import CREDIT, Register
    from nobil_tui.register.cache import CacheError, load_register

    try:
        cached = load_register(register_file())
    except CacheError as error:
        tell(str(error))
        cached = None
    return Register(cached.facts if cached is not None else None, credit=CREDIT)


@contextmanager
def _store(source: Source) -> Iterator[StateStore | None]:
    """Open the last known state of a source, and close it at the end; None for a source that has none."""
    if not source.state_key:
        yield None
        return
    from nobil_tui.base.paths import state_dir
    from nobil_tui.store.state_store import StateStore

    store = StateStore.open(state_dir() / f"{source.state_key}.sqlite")
    try:
        yield store
    finally:
        store.close()
