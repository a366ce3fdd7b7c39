"""The titles of the station list, and its text while it is empty."""

from __future__ import annotations

from nobil_tui.search.station_list import StationList
from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.style.glyphs import Glyphs


def list_title(station_list: StationList, glyphs: Glyphs) -> str:
    """Return how many stations are listed, which, and in which order."""
    count, options = len(station_list.ids), station_list.options
    parts = [f"Stations {count:,}"]
    if station_list.filtered:
        parts = [f"Stations {count:,} of {station_list.total:,}"]
    if options.starred_only:
        parts.append("starred")
    if options.faults_only:
        parts.append("with a fault")
    if station_list.lists_guest:
        parts.append("1 outside the filter")
    reverse = ", reversed" if station_list.is_reversed else ""
    parts.append(station_list.active_sort.label + reverse)
    return f" {glyphs.dot} ".join(parts)


def list_counts(station_list: StationList, glyphs: Glyphs, *, counted: bool) -> str:
    """Return how many connectors are free, unless it is not to be ``counted`` now, and how many
    starred stations are hidden."""
    counts = list(filter(None, (station_list.count_free().text,))) if counted else []
    if station_list.filtered and station_list.hidden_starred:
        counts.append(f"{station_list.hidden_starred} starred hidden")
    return f" {glyphs.dot} ".join(counts)


def empty_list_text(station_list: StationList, keys: KeyBindings) -> str:
    """Say why the list is empty although there are stations, and the key to change that."""
    if station_list.options.starred_only and not station_list.starred:
        return (
            f"No starred stations. Press {keys.named('starred-only')} to show all stations, "
            f"and {keys.named('star')} to star one."
        )
    if station_list.filter.strip():
        reason = station_list.explain_no_match()
        problems = [problem.message for problem in station_list.query.problems]
        said = f" ({'; '.join(filter(None, [reason, *problems]))})" if reason or problems else ""
        return f"No stations match the filter{said}. Press {keys.named('back')} to clear it."
    if station_list.options.faults_only:
        return f"No faulty stations. Press {keys.named('faults-only')} to show all stations."
    return f"No stations to show. Press {keys.named('back')} to show all stations."
