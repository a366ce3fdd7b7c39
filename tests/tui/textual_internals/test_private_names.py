"""Only this package relies on how Textual works inside."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import textual
from textual.message_pump import MessagePump
from textual.widget import Widget

from nobil_tui import tui
from nobil_tui.tui import textual_internals


def tui_modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(tui.__path__, f"{tui.__name__}."):
        if not found.name.startswith(textual_internals.__name__):
            yield importlib.import_module(found.name)


def test_no_other_module_uses_a_private_name_of_another_object() -> None:
    found = [
        f"{module.__name__}:{node.lineno} {node.attr}"
        for module in tui_modules()
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]
    assert found == []


def tui_classes() -> set[type[MessagePump]]:
    """Return the widgets, screens and apps of ours."""
    classes = {
        each
        for module in tui_modules()
        for each in vars(module).values()
        if isinstance(each, type)
        and each.__module__ == module.__name__
        and issubclass(each, MessagePump)
    }
    assert classes
    return classes


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
    ours = {each.__name__ for each in tui_classes() if issubclass(each, Widget)}
    assert "LinkBar" in ours
    assert ours & theirs == set()


def test_no_other_class_redefines_a_private_name_of_textual() -> None:
    """Also by accident: such an attribute would break the widget in a way that is hard to find."""
    found = [
        f"{each.__qualname__}.{name}"
        for each in tui_classes()
        for base in each.__mro__
        if base.__module__.startswith("textual.")
        for name in vars(each).keys() & vars(base).keys()
        if re.match("_[a-z]", name) and isinstance(vars(each)[name], FunctionType | property)
    ]
    assert found == []
