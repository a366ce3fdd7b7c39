"""Paint: write only changes, once, and no more than the terminal accepts."""

from __future__ import annotations

from typing import Any, Self

from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.scroll_view import ScrollView

from nobil_tui.tui.painted_screen import PaintedScreen, PlacedStrip
from nobil_tui.tui.terminal_writer import TerminalWriter
from nobil_tui.tui.textual_internals.mixins import AppMixin, ScreenMixin


class _ChangesOnly(CompositorUpdate):
    """A repaint that only writes cells that the terminal does not show yet."""

    def __init__(
        self, update: ChopsUpdate | LayoutUpdate, painted: PaintedScreen, size: Size
    ) -> None:
        self._update = update
        self._painted = painted
        self._size = size

    def render_segments(self, console: Console) -> str:
        """Return the sequences to write, and record the cells that they paint."""
        update = self._update
        if isinstance(update, ChopsUpdate):
            return self._painted.update(placed_rows(update), self._size, console)
        # A full repaint, for example after a resize, is written completely, whatever the terminal
        # shows.
        self._painted.forget(self._size)
        for y, strips in enumerate(update.strips):
            self._painted.record(y, list(strips))
        return update.render_segments(console)


def placed_rows(update: ChopsUpdate) -> dict[int, list[PlacedStrip]]:
    """Return the strips that an update would write, by row."""
    rows: dict[int, dict[int, PlacedStrip]] = {}
    for y, left, right in update.spans:
        row = rows.setdefault(y, {})
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= right and end > left:
                row[x] = PlacedStrip(x, end, strip)
    return {y: list(row.values()) for y, row in rows.items()}


class QuietTerminal(AppMixin):
    """Makes an app write only changes, and no more than the terminal accepts.

    Textual writes whole strips, and blocks the event loop while 30 paints wait for the terminal.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._painted = PaintedScreen()
        self._skipped = False
        """Whether a paint was skipped because the terminal was behind."""
        super().__init__(*args, **options)

    def on_mount(self) -> None:
        """Repaint everything after Ctrl+Z and ``fg``: the shell has written to the terminal."""
        self.app_resume_signal.subscribe(self, lambda _: self.repaint_all())

    def repaint_all(self) -> None:
        """Paint every cell again, as after something else has written to the terminal."""
        self._painted.forget(self.size)
        if self._screen_stack:
            self.screen.refresh()

    def announce_suspension(self) -> None:
        """Let the parts of the app restore the terminal's modes that they changed."""
        self._suspend_signal()

    def paint_skipped(self) -> None:
        """Paint the changes that were skipped while the terminal was behind."""
        if self._skipped and self._screen_stack:
            self._skipped = False
            self.screen.refresh()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        driver = self._driver
        writer = getattr(driver, "_writer_thread", None)
        if isinstance(writer, TerminalWriter) and writer.behind:
            self._skipped = True
            return
        if isinstance(renderable, ChopsUpdate | LayoutUpdate) and driver and not driver.is_inline:
            renderable = _ChangesOnly(renderable, self._painted, self.size)
        super()._display(screen, renderable)


class FirstPaint(ScreenMixin):
    """Keeps a screen from being painted twice when it starts.

    Textual asks for a whole repaint when a screen is mounted and again when it resumes.
    """

    painted_once = False
    """Whether the first paint is over. Set it after the first refresh."""

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Request a refresh; before the first paint is over, only the layout's."""
        repaint = repaint and self.painted_once
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


def update_scrollbars(view: ScrollView, size: Size) -> None:
    """Show or hide the scrollbars of a view for content of this size, and move them.

    Textual does so only when it lays out the whole screen.
    """
    view._scroll_update(size)
