"""Only the modules named ``*_internals`` rely on how a library works inside."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import textwrap
import threading
from collections.abc import Iterator
from functools import cache
from types import ModuleType

import pytest

from tests.architecture.imports import PACKAGE, ROOT, modules_of

DOCUMENTED = {"_replace", "_make", "_asdict", "_fields", "_value_", "_missing_", "_exit"}
"""Names of named tuples, enums and ``os`` that begin with an underscore, and are public."""

OWN_BASES = {PACKAGE, "tests", "builtins", "typing", "enum", "abc"}
"""Packages whose classes are ours, or made to be derived from."""


def is_private(name: str) -> bool:
    return re.match("_[^_]", name) is not None and name not in DOCUMENTED


def relying_modules() -> list[str]:
    """Return the modules that may not rely on how a library works inside."""
    return [
        name
        for name in modules_of(ROOT, PACKAGE)
        if not any(part.endswith("_internals") for part in name.split("."))
    ]


def own_names(tree: ast.Module) -> set[str]:
    """Return the private names that a module defines: functions, fields and attributes."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                names.add(name)
    return {name for name in names if is_private(name)}


def private_uses(source: str) -> Iterator[str]:
    """Yield the private names of other modules that a module uses, each with its line."""
    tree = ast.parse(source)
    own = own_names(tree)
    for node in ast.walk(tree):
        names: list[str] = []
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name):
                names = [name]
            case ast.Call(
                func=ast.Name(id="getattr" | "setattr" | "hasattr" | "delattr"),
                args=[_, ast.Constant(value=str(name)), *_],
            ):
                names = [name]
            case ast.ImportFrom(module=module, names=aliases):
                names = [*(module or "").split("."), *(alias.name for alias in aliases)]
            case ast.Import(names=aliases):
                names = [part for alias in aliases for part in alias.name.split(".")]
        for name in names:
            if is_private(name) and name not in own:
                yield f"{node.lineno} {name}"  # type: ignore[attr-defined]  # no node above lacks it


@cache
def names_of_self(kind: type) -> set[str]:
    """Return the private names that the source of a class uses or defines."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    uses = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("self", "cls")
    }
    return {name for name in uses | own_names(tree) if is_private(name)}


def inherited_uses(module: ModuleType) -> Iterator[str]:
    """Yield the private names that classes of a module share with those that they derive from.

    Also by accident: such an attribute breaks the class in a way that is hard to find.
    """
    for each in vars(module).values():
        if not isinstance(each, type) or each.__module__ != module.__name__:
            continue
        for base in each.__mro__:
            if base.__module__.partition(".")[0] in OWN_BASES:
                continue
            try:
                theirs = names_of_self(base)
            except (OSError, TypeError):
                theirs = {name for name in vars(base) if is_private(name)}
            for name in names_of_self(each) & theirs:
                yield f"{module.__name__}.{each.__qualname__} {name} of {base.__qualname__}"


def test_private_uses_are_those_of_other_modules() -> None:
    source = """
from lib import a, _b
from lib._c import d
import lib._e.f
class Own(Lib):
    _field: int = 0
    def _method(self): self._own = self._theirs
other._field, other._own, other._method(), row._replace(), a.__doc__
other._g; super()._h(); other.i._j = 1
getattr(other, "_k", None); hasattr(other, "_field"); getattr(other, name)
"""
    found = [use.split()[1] for use in private_uses(source)]
    assert sorted(found) == ["_b", "_c", "_e", "_g", "_h", "_j", "_k"]


def test_inherited_uses_are_those_of_both_classes() -> None:
    module = sys.modules[__name__]
    assert [*inherited_uses(module)] == [f"{__name__}._Unwary _target of Thread"]


class _Unwary(threading.Thread):
    """Has an attribute of ``Thread`` by accident, and one of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._target = self._aim = 1


@pytest.mark.slow
def test_only_internals_use_private_names_of_libraries() -> None:
    modules = modules_of(ROOT, PACKAGE)
    found = [
        f"{name}:{use}"
        for name in relying_modules()
        for use in private_uses(modules[name].read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.slow
def test_only_internals_share_private_names_with_classes_of_libraries() -> None:
    found = [
        use for name in relying_modules() for use in inherited_uses(importlib.import_module(name))
    ]
    assert found == []
