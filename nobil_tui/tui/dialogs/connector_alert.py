"""The dialog that asks which connector of a station to set an alert for."""

from __future__ import annotations

from typing import NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from nobil_tui.tui.dialogs.dialog import Dialog
from nobil_tui.tui.style.glyphs import Glyphs, truncate
from nobil_tui.tui.text.conditions import condition_text
from nobil_tui.tui.widgets.connectors.rows import plugs_text
from nobil_tui.tui.workspace import Workspace

_WIDTH = 62


class ConnectorChoice(NamedTuple):
    """A connector to choose."""

    connector: str
    """As an alert names it."""
    text: str
    armed: bool


def connector_choices(workspace: Workspace, station_id: str) -> list[ConnectorChoice]:
    """Return the connectors of a station with their plugs and conditions."""
    station = workspace.board.stations.get(station_id)
    if station is None:
        return []
    uids, count = station.evse_uids, len(station.connectors)
    plugs = workspace.register.plugs_for(station_id, uids, count)
    armed = {rule.connector for rule in workspace.alerts.on_station(station_id)}
    choices = []
    for index, connector in enumerate(station.connectors):
        name = uids[index] if index < len(uids) else str(index + 1)
        parts = (f"{index + 1}", plugs_text(plugs[index]), condition_text(connector, ""))
        choices.append(ConnectorChoice(name, "  ".join(filter(None, parts)), name in armed))
    return choices


class ConnectorAlertScreen(Dialog[str]):
    """Returns the connector that the user chose, or None if the user cancels."""

    def __init__(self, title: str, choices: list[ConnectorChoice], glyphs: Glyphs) -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """Compose the list of connectors."""
        glyphs = self._glyphs
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Alert when a connector is free"
            dialog.border_subtitle = truncate(self._title, _WIDTH, glyphs.ellipsis)
            yield OptionList(
                *(
                    Option(Text(f"{glyphs.alert if each.armed else ' '} {each.text}"))
                    for each in self._choices
                )
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the chosen connector."""
        self.dismiss(self._choices[event.option_index].connector)
