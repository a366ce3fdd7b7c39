"""Complete the values of options and arguments in a shell: filters and station ids.

Commands and options complete themselves; ``completion.py`` prints the script for the shell.

Nothing is fetched, and a file that cannot be read is skipped: a shell has no room for a message.
"""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base import paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import click
    from click.shell_completion import CompletionItem

MAX_STATIONS_COMPLETED = 50
"""The most station ids that are offered from a file."""


def complete_filter(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the last word of a filter, as the app does."""
    from nobil_tui.search.completion import completions, word_at

    start, _end = word_at(incomplete, len(incomplete))
    return _items(incomplete[:start] + word for word in completions(incomplete, len(incomplete)))


def complete_station(
    ctx: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete an id from the starred stations or, once it is begun, from the last known states."""
    begun = incomplete.upper()
    starred = [station for station in _starred(ctx) if station.upper().startswith(begun)]
    return _items([*starred, *(_known(begun) if begun else ())])


def complete_recorded(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the id of a station that has a history."""
    from nobil_tui.history.database import HistoryDatabase
    from nobil_tui.store.database_file import DATABASE_ERRORS

    path, begun = paths.history_file(), incomplete.upper()
    # A missing file is an error too, since it is only opened for reading.
    with suppress(*DATABASE_ERRORS), closing(HistoryDatabase.open_to_read(path)) as database:
        found = [name for name in database.stations if name.upper().startswith(begun)]
        return _items(found[:MAX_STATIONS_COMPLETED])
    return []


def _starred(ctx: click.Context) -> list[str]:
    from nobil_tui.config.errors import ConfigError
    from nobil_tui.config.reading import load_config
    from nobil_tui.feeds.source import SourceError
    from nobil_tui.sources.names import kind_of

    given, source = ctx.params.get("config"), ctx.params.get("source")
    with suppress(ConfigError, SourceError):
        config = load_config(given if isinstance(given, Path) else paths.config_file())
        simulated = kind_of(source or config.stream.source).simulated
        return config.watched.simulated if simulated else config.watched.stations
    return []


def _known(begun: str) -> Iterator[str]:
    """Yield the ids in every last known state that begin with ``begun``."""
    from nobil_tui.store.database_file import DATABASE_ERRORS
    from nobil_tui.store.state_file import open_to_read, read_ids

    for path in sorted(paths.state_dir().glob("*.sqlite")):
        with suppress(*DATABASE_ERRORS), closing(open_to_read(path)) as connection:
            yield from read_ids(connection, begun, MAX_STATIONS_COMPLETED)


def _items(texts: Iterable[str]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(text) for text in dict.fromkeys(texts) if text.isprintable()]
