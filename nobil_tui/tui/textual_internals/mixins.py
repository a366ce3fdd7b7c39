"""The base classes of mixins for an app and for a screen.

Textual takes the CSS type name from the first base class that is a DOM node, which a mixin must not
be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    AppMixin = App[Any]
    ScreenMixin = Screen[Any]
else:
    AppMixin = ScreenMixin = object
