"""Render only the repainted parts of the screen.

Textual renders every line in the rectangle around all repaints. With a bar at the top and a log at
the bottom that is the whole screen, although a second changes a few lines of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from nobil_tui.tui.textual_internals.mixins import ScreenMixin


class SparingCompositor(Compositor):
    """Renders only the lines of the widgets that a repaint shows."""

    def __init__(self) -> None:
        super().__init__()
        self._repainted: tuple[Region, ...] = ()
        """The regions that are repainted now; empty while the whole screen is."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return the update for the regions that changed."""
        # Textual also writes the strip that begins where a repaint ends: without the widget there,
        # that would be the container behind it.
        self._repainted = tuple(
            Region(each.x, each.y, each.width + 1, each.height) for each in self._dirty_regions
        )
        try:
            return super().render_partial_update()
        finally:
            self._repainted = ()

    def _get_renders(
        self, crop: Region | None = None
    ) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if not self._repainted:
            yield from super()._get_renders(crop)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            found = [each for each in map(shown.intersection, self._repainted) if each]
            if found:
                top = min(each.y for each in found)
                lines = Region(shown.x, top, shown.width, max(each.bottom for each in found) - top)
                yield region, lines, widget.render_lines(lines.translate(-region.offset))


class SparingPaint(ScreenMixin):
    """Makes a screen render only what is repainted."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._compositor = SparingCompositor()


def set_border_titles(widget: Widget, title: str, subtitle: str) -> None:
    """Set the titles in the border of a widget, and repaint these lines of it.

    Textual's own setters repaint all of its lines.
    """
    widget._border_title, widget._border_subtitle = (
        widget.render_str(text).expand_tabs(4).split()[0] for text in (title, subtitle)
    )
    (x, y), (width, height) = widget.content_offset, widget.outer_size
    for line in (0, height - 1):
        widget.refresh(Region(-x, line - y, width, 1))
