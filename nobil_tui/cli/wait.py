"""``nobil-tui wait``: wait until a station is free, has a fault or works."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from nobil_tui.cli.click_classes import CommandWithExitCodes
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail, print_message
from nobil_tui.cli.output import stdout_descriptor
from nobil_tui.cli.source_command import (
    filter_option,
    no_history_option,
    parse_filter,
    run_session,
    settings_of,
    source_options,
    start_reading,
)
from nobil_tui.cli.value_completers import complete_station

if TYPE_CHECKING:
    from nobil_tui.session.session import Session

UNTIL = {"free": "was free", "fault": "had a fault", "works": "worked"}
"""The values of ``AlertWhen``, each with the words for a state that did not occur."""
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*(s|m|h)?")
_SECONDS = {None: 1, "s": 1, "m": 60, "h": 3600}


def parse_duration(text: str) -> float:
    """Parse a time such as ``90``, ``90s``, ``15m`` or ``2h``; return seconds."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise click.BadParameter("expected a time such as 90s, 15m or 2h.")
    return float(match[1]) * _SECONDS[match[2]]


@click.command(cls=CommandWithExitCodes, exit_codes=ExitCode)
@click.argument("stations_given", nargs=-1, metavar="[STATION]...", shell_complete=complete_station)
@filter_option
@click.option(
    "--until",
    type=click.Choice([*UNTIL]),
    default="free",
    show_default=True,
    help="What to wait for.",
)
@click.option(
    "--timeout",
    type=parse_duration,
    metavar="TIME",
    help="Give up after a time such as 90s, 15m or 2h.",
)
@no_history_option
@source_options
def wait(
    stations_given: tuple[str, ...],
    filter_text: str | None,
    until: str,
    timeout: float | None,
    no_history: bool,
    **common: Any,
) -> None:
    """Wait until one of the stations is free, has a fault or works, and print that as a line of
    JSON.

    The line has the fields of tail; before is null if the station was in this state from the start.
    A station is free if one of its connectors is free, and has a fault if one has a fault. It works
    if one is free or in use and none has a fault. With --filter, only the connectors that match
    count. The last known state does not count until the stream confirms it.
    """
    from nobil_tui.config.alert_rules import AlertWhen
    from nobil_tui.headless.station_choice import StationChoice
    from nobil_tui.headless.stdout import StdoutWriter
    from nobil_tui.headless.wait import Wait
    from nobil_tui.monitor.batch import LinkPhase
    from nobil_tui.wire.changes import json_line

    if not stations_given and not (filter_text or "").strip():
        fail(ExitCode.USAGE, "Give station ids, or a filter with --filter.")
    descriptor = stdout_descriptor()
    startup = start_reading(common)
    settings = settings_of(startup)
    query = parse_filter(filter_text or "", settings)

    async def work(session: Session) -> bool | None:
        choice = StationChoice(session, stations_given, query.text, print_message, settings)
        waiting = Wait(session, choice, AlertWhen(until), print_message, timeout=timeout)
        change = await waiting.run()
        if change is not None:
            await StdoutWriter(descriptor).write(json_line(change, session.register))
            return True
        return None if session.link.phase is LinkPhase.ENDED else False

    met = run_session(startup, work, settings=settings, record=not no_history)
    if not met:
        ended = f"The source ended before a station {UNTIL[until]}."
        fail(ExitCode.TIMED_OUT, ended if met is None else f"No station {UNTIL[until]} in time.")
