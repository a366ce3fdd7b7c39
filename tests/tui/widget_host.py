"""A small app to put a widget on, with the real style sheet and the real themes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.app import App, ComposeResult
from textual.events import MouseEvent
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from nobil_tui.charging.board import Board
from nobil_tui.charging.geo import Position
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.search.list_options import ListOptions
from nobil_tui.search.station_list import StationList
from nobil_tui.tui import app as real
from nobil_tui.tui.style.themes import DARK, THEMES, theme_variables_for
from nobil_tui.tui.textual_internals.timers import KeptTimers
from tests.conftest import START

M = TypeVar("M", bound=Message)


class Stage(KeptTimers, App[None]):
    """Shows some widgets, and keeps the messages that they send."""

    CSS_PATH = str(Path(real.__file__).with_name("app.tcss"))
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        self._widgets = widgets
        self.heard: list[Message] = []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK

    def compose(self) -> ComposeResult:
        yield from self._widgets

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variables_for(self.current_theme)

    def of(self, kind: type[M]) -> list[M]:
        """The messages of a kind, in their order."""
        return [message for message in self.heard if isinstance(message, kind)]


def lines_of(widget: Widget) -> list[str]:
    """What a widget has painted, line by line."""
    return [widget.render_line(y).text for y in range(widget.size.height)]


def repaints_of(widget: Widget, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Region, ...]]:
    """Return a list of the regions of each repaint from now on; an empty tuple is the whole
    widget."""
    found: list[tuple[Region, ...]] = []
    refresh = widget.refresh

    def watched(
        *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Widget:
        if repaint:
            found.append(regions)
        return refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    monkeypatch.setattr(widget, "refresh", watched)
    return found


async def wheel(pilot: Pilot[Any], widget: Widget, event: type[MouseEvent], times: int) -> None:
    """Turn the wheel over a widget; ``event`` is ``MouseScrollUp`` or ``MouseScrollDown``."""
    for _ in range(times):
        await pilot._post_mouse_events([event], widget, offset=(3, 3))
    await pilot.pause()


def roster_of(
    stations: Mapping[str, Sequence[Connector]],
    facts: dict[str, Facts] | None = None,
    starred: set[str] | None = None,
    home: Position | None = None,
    at: int = START,
) -> StationList:
    """Return a station list over a board that has had one snapshot."""
    board = Board()
    board.apply_snapshot(
        [Station(name, [*connectors]) for name, connectors in stations.items()], at
    )
    stars = starred if starred is not None else set()
    return StationList(board, Register(facts or {}), stars, ListOptions(home=home))
