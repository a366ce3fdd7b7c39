"""No widget has a name that a style sheet of Textual uses."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import textual
from textual.widget import Widget

from nobil_tui import tui


def own_widgets() -> set[str]:
    """Return the names of the widgets and screens of ours."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(tui.__path__, f"{tui.__name__}.")
    ]
    return {
        each.__name__
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type)
        and each.__module__ == module.__name__
        and issubclass(each, Widget)
    }


def test_no_widget_has_the_name_of_one_of_textual() -> None:
    """The style sheet of a widget of Textual, read when a dialog with one opens, selects ours too.

    The bars were 32 cells wide from the first progress bar on.
    """
    folder = Path(textual.__file__).parent
    theirs = {
        name
        for path in folder.rglob("*.py")
        if "demo" not in path.relative_to(folder).parts
        for name in re.findall(r"^class (\w+)\(", path.read_text("utf-8"), re.MULTILINE)
    }
    assert "ProgressBar" in theirs
    ours = own_widgets()
    assert "LinkBar" in ours
    assert ours & theirs == set()
