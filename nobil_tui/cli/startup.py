"""How the commands without a screen begin: with the config, the log and a source, read and told of."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nobil_tui.cli import options
from nobil_tui.cli.exit_codes import Code

if TYPE_CHECKING:
    from nobil_tui.config.model import Config
    from nobil_tui.feeds.source import OpenSource, Source
    from nobil_tui.feeds.transport.link import Tap


class Asked(NamedTuple):
    """What was asked for on the command line; None where it was not."""

    source: str | None
    config: Path | None
    stations: int | None
    seed: int | None
    speed: float | None
    log_level: str | None


def tell(text: str) -> None:
    """Say something on stderr that the program can do without: who closes it wants to hear no more."""
    with suppress(OSError):
        options.say(text)


def begin(asked: Asked, tap: Tap | None = None) -> tuple[Config, Source]:
    """Read the config and choose the source, which is not opened yet; ends the program where either is wrong."""
    path = options.config_path(asked.config)
    config = options.load_config(path)
    add_secret = options.start_log(asked.log_level, config, asked.source)
    choose = options.chooser(
        stations=asked.stations, seed=asked.seed, speed=asked.speed, tap=tap, add_secret=add_secret
    )
    chosen = options.chosen(choose, config, asked.source)
    for caution in options.cautions(path, config, chosen):
        tell(caution)
    return config, chosen.source


def opened(source: Source) -> OpenSource:
    """Open a source; ends the program where that cannot be done."""
    from nobil_tui.feeds.source import SourceError

    try:
        found = source.open()
    except SourceError as error:
        options.fail(Code.FAILED, str(error))
    if source.simulated:
        tell(f"SIMULATED: what {source.name} says is made up.")
    return found
