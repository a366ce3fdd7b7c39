"""Collects the texts that the program can show, from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.architecture.imports import ROOT

PACKAGE = ROOT / "nobil_tui"


class InterfaceText(NamedTuple):
    """A text and its place."""

    place: str
    text: str


def interface_texts() -> list[InterfaceText]:
    """Return every text with more than one word that can reach the screen or standard output.

    That is every string that is neither a docstring nor logged, with ``{}`` for what is computed;
    and the docstrings of the commands of the command line, which are their help.
    """
    return [
        InterfaceText(f"{path.relative_to(ROOT)}:{line}", text)
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in texts_of(path.read_text("utf-8"))
    ]


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield each text of a module with its line."""
    nodes = [*ast.walk(ast.parse(source))]
    for node, text in _strings(nodes, _hidden(nodes)):
        if any(letter.isalpha() for letter in text) and " " in text.strip():
            yield node.lineno, text


def _hidden(nodes: list[ast.AST]) -> set[int]:
    """Return the ids of the nodes whose texts no user sees: docstrings, and what is logged."""
    hidden = set()
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            # Docstrings, and the descriptions under attributes.
            hidden.add(id(node.value))
        if isinstance(node, ast.Call) and _is_logging(node.func):
            hidden.update(id(each) for each in ast.walk(node))
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and any(map(_is_command, node.decorator_list)):
            docstring = node.body[0]
            if isinstance(docstring, ast.Expr):
                hidden.discard(id(docstring.value))
    return hidden


def _is_logging(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id in ("logger", "logging")
    )


def _is_command(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(function, ast.Attribute) and function.attr in ("command", "group")


def _strings(nodes: list[ast.AST], hidden: set[int]) -> Iterator[tuple[ast.expr, str]]:
    parts = {
        id(value) for node in nodes if isinstance(node, ast.JoinedStr) for value in node.values
    }
    for node in nodes:
        if id(node) in hidden or id(node) in parts:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                value.value
                if isinstance(value, ast.Constant) and isinstance(value.value, str)
                else "{}"
                for value in node.values
            )
            yield node, text
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node, node.value


def read_texts(path: Path) -> list[str]:
    """Return the texts of one module."""
    return [text for _, text in texts_of(path.read_text("utf-8"))]
