"""End the palette's search when it closes."""

from __future__ import annotations

from typing import Any

from textual import work
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.css.query import NoMatches

_search = CommandPalette._gather_commands.__wrapped__  # type: ignore[attr-defined]
"""Textual's search, without its worker."""


class ClosingPalette(CommandPalette):
    """A palette that ends its searches when it closes.

    Textual's searches would find no list to fill, and the exception would end the app.
    """

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close the palette, and end its searches."""
        self.workers.cancel_node(self)
        return super().dismiss(result)

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        """Search, until the palette or the app closes: then its list is gone."""
        try:
            await _search(self, search_value)
        except NoMatches:
            if self.children:
                raise
