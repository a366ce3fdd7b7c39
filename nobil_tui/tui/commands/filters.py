"""Commands for the filter: type it, save it, and apply a saved one."""

from __future__ import annotations

from collections.abc import Mapping

from nobil_tui.commands import command_by_id
from nobil_tui.config.operations import Put
from nobil_tui.search.list_options import ListOptions
from nobil_tui.search.station_list import StationList
from nobil_tui.search.terms import LiveState
from nobil_tui.tui.bindings import key_label
from nobil_tui.tui.workspace import Workspace


class FilterCommands:
    """Commands that act on the filter line and on the saved filters."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def filter(self) -> None:
        """Start to type a filter."""
        line = self._workspace.filter_line
        line.values = self._workspace.station_list.field_values
        line.saved = tuple(self.saved)
        line.open()

    def apply(self, text: str) -> None:
        """Filter by a text that was typed."""
        if text != self._workspace.filter_line.text:
            # More was typed meanwhile, or the filter was left.
            return
        self._workspace.station_list.filter = text
        self._workspace.relist()

    def keep(self) -> None:
        """Keep the filter and focus the stations, at once: the next key is meant for them."""
        self.apply(self._workspace.filter_line.text)
        self._workspace.screen.set_focus(self._workspace.stations)

    def show(self, text: str) -> None:
        """Filter by a text, and focus the stations."""
        self.set(text)
        self._workspace.stations.focus()

    def set(self, text: str) -> None:
        """Filter by a text."""
        workspace = self._workspace
        if text or workspace.has_filter_line:
            workspace.filter_line.text = text
        workspace.station_list.filter = text
        workspace.relist()

    def show_saved(self, text: str) -> None:
        """Filter by a saved filter, which includes the switches that were on."""
        options = self._workspace.station_list.options
        options.starred_only = options.faults_only = False
        self.show(text)

    @property
    def saved(self) -> Mapping[str, str]:
        """The saved filters by name, in the order of the config."""
        return self._workspace.settings.filters

    def saved_filter(self) -> None:
        """Filter by the saved filter whose number was pressed."""
        workspace = self._workspace
        keys = workspace.keys.of(command_by_id("saved-filter"))
        last_key = workspace.input.last_key
        index = keys.index(last_key) if last_key in keys else 0
        saved = list(self.saved.values())
        if index < len(saved):
            self.show_saved(saved[index])
            return
        save = workspace.keys.label(command_by_id("save-filter"))
        text = f"There is no saved filter {index + 1}. Type a filter, then press {save} to save it."
        workspace.toasts.notify(text, timeout=5)

    def save_filter(self) -> None:
        """Ask for a name, and save the filter under it."""
        from nobil_tui.tui.dialogs.save_filter import SaveFilterScreen

        workspace = self._workspace
        text = saved_text(workspace.station_list)
        if not text:
            key = workspace.keys.named("filter")
            workspace.toasts.notify(f"No filter to save. Press {key} to type one.")
            return

        def save(name: str | None) -> None:
            if name:
                workspace.edits.set(Put("filters", name, text))
                self._confirm_saved(name)

        workspace.screen.app.push_screen(SaveFilterScreen(text, tuple(self.saved)), save)

    def delete(self, name: str) -> None:
        """Delete a saved filter."""
        self._workspace.edits.change(f"Deleted the filter {name}", Put("filters", name, None))
        self._workspace.toasts.confirm(f"Deleted the filter {name}")

    def _confirm_saved(self, name: str) -> None:
        keys = self._workspace.keys
        numbers, index = keys.of(command_by_id("saved-filter")), [*self.saved].index(name)
        if index < len(numbers):
            text = f"Filter saved. Press {key_label(numbers[index])} to apply it."
        else:
            text = f"Filter saved. Press {keys.named('palette')} and type its name to apply it."
        self._workspace.toasts.notify(text, title=name)


def saved_text(station_list: StationList) -> str:
    """Return the filter to save: with the words for the switches and for the order, if it is not
    the usual one."""
    options, query = station_list.options, station_list.query
    text = station_list.filter.strip()
    # Else the words that follow would be inside the quotes.
    words = [f'{text}"' if text.count('"') % 2 else text]
    if options.starred_only and not query.asks_starred:
        words.append("starred")
    if options.faults_only:
        words.append(LiveState.FAULT.value)
    sort, is_reversed = station_list.active_sort, station_list.is_reversed
    is_usual = sort is ListOptions().sort and not is_reversed
    if query.order is None and not query.by_distance and not is_usual:
        words.append(f"{'-' if is_reversed else ''}sort:{sort}")
    return " ".join(filter(None, words))
