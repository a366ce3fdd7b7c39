"""Set parts of an app for which Textual has no public way: theme, colours, toasts, clipboard,
crash."""

from __future__ import annotations

import logging
import sys
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import Monochrome

from nobil_tui.tui.textual_internals.mixins import AppMixin

logger = logging.getLogger(__name__)


def shows_toast(app: App[Any], message: str, title: str) -> bool:
    """Return whether a toast with this text is still shown."""
    return any((each.message, each.title) == (message, title) for each in app._notifications)


def drop_old_toast(app: App[Any], message: str, title: str) -> None:
    """Remove a toast with this text that is about to go: a key that shows it again would seem to do
    nothing."""
    for each in list(app._notifications):
        if (each.message, each.title) == (message, title) and each.time_left < each.timeout / 2:
            app._unnotify(each)


def drop_toasts(app: App[Any], *, keep: int) -> None:
    """Remove all toasts but the latest ``keep``; those that report no problem first."""
    by_age = sorted(app._notifications, key=lambda each: each.raised_at)
    by_weight = sorted(by_age, key=lambda each: each.severity != "information")
    for each in by_weight[: max(0, len(by_weight) - keep)]:
        app._unnotify(each)


def drop_toast(app: App[Any], message: str) -> None:
    """Remove the toast with this text, if it is still shown."""
    for each in [each for each in app._notifications if each.message == message]:
        app._unnotify(each)


def keep_clipboard(app: App[Any], text: str) -> None:
    """Keep a copied text for pasting in the app itself, without writing to the terminal."""
    app._clipboard = text


def start_with_theme(app: App[Any], name: str) -> None:
    """Set the theme of an app that has painted nothing yet.

    Setting ``app.theme`` parses all style sheets again, which takes longer than the first paint.
    """
    theme = app.available_themes[name]
    if theme.ansi:
        # Textual paints ANSI themes with another filter, which only the setter installs.
        app.theme = name
        return
    app.set_reactive(App.theme, name)
    classes = {"-dark-mode": theme.dark, "-light-mode": not theme.dark, f"-theme-{name}": True}
    app.update_classes(classes, update=False)
    app.stylesheet.set_variables(app.get_css_variables())


class StyledMonochrome(Monochrome):
    """Removes the colours, even from text without a style, at which Textual's filter raises."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without colours."""
        plain = Style.null()
        return super().apply(
            [each if each.style else Segment(each.text, plain) for each in segments], background
        )


def filter_colours_safely(app: App[Any]) -> None:
    """Let an app remove colours, as ``NO_COLOR`` asks for, from text of any kind."""
    app._filters = [
        StyledMonochrome() if type(each) is Monochrome else each for each in app._filters
    ]


class CrashReport(AppMixin):
    """Makes an app end on an unexpected exception, and log it.

    Textual's own report shows the values of local variables, and so secrets.
    """

    crash: BaseException | None = None
    """The exception that ended the app."""

    def end_with(self, error: BaseException) -> None:
        """End the app because of an exception in one of its threads."""
        self._record(error)
        self._return_code = 1
        self._close_messages_no_wait()

    def panic(self, *renderables: Any) -> None:
        """End the app because of errors that would render themselves."""
        errors = [each for each in renderables if isinstance(each, BaseException)]
        self._record(errors[0] if errors else sys.exc_info()[1] or RuntimeError("panic"))
        self._return_code = 1
        self._close_messages_no_wait()

    def _handle_exception(self, error: Exception) -> None:
        self._record(error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def _record(self, error: BaseException) -> None:
        """Log an exception; the first one is the crash."""
        if error is self.crash:
            return
        # A failed worker only holds its error.
        cause = getattr(error, "error", None)
        cause = cause if isinstance(cause, BaseException) else error
        logger.critical("the app crashed", exc_info=cause)
        self.crash = self.crash or cause
