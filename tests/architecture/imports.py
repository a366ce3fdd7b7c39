"""Read the imports of a package from its source, without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "nobil_tui"


class When(Enum):
    """When an import runs."""

    LOADED = "when the module is loaded"
    DEFERRED = "when a function is called"
    TYPING = "never; only a type checker follows it"


@dataclass(frozen=True)
class Import:
    """One import of one module by another, both in the package."""

    importer: str
    imported: str
    when: When
    line: int


def modules_of(root: Path, package: str) -> dict[str, Path]:
    """Return the source file of every module of ``package``, by dotted name; ``root`` is the folder
    it is in."""
    found = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(modules: Mapping[str, Path]) -> list[Import]:
    """Return all imports between ``modules``: at module level, in functions and under
    ``TYPE_CHECKING``."""
    return [
        found for name, path in modules.items() for found in _Reader(name, path, modules).imports()
    ]


@cache
def own_imports() -> list[Import]:
    """Return all imports between the modules of nobil_tui."""
    return imports_of(modules_of(ROOT, PACKAGE))


class _Reader:
    def __init__(self, name: str, path: Path, modules: Mapping[str, Path]) -> None:
        self._name = name
        self._package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        self._tree = ast.parse(path.read_text("utf-8"), str(path))
        self._modules = modules

    def imports(self) -> Iterator[Import]:
        yield from self._within(self._tree, When.LOADED)

    def _within(self, node: ast.AST, when: When) -> Iterator[Import]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for imported in dict.fromkeys(self._targets(node)):
                if imported != self._name:
                    yield Import(self._name, imported, when, node.lineno)
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            for statement in node.body:
                yield from self._within(statement, When.TYPING)
            for statement in node.orelse:
                yield from self._within(statement, when)
        else:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and when is When.LOADED:
                when = When.DEFERRED
            for child in ast.iter_child_nodes(node):
                # No expression contains a statement.
                if not isinstance(child, ast.expr):
                    yield from self._within(child, when)

    def _targets(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        """Yield the modules of the package that a statement imports."""
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in self._modules)
            return
        base = self._base(node)
        for alias in node.names:
            # "from package import name" imports a module where there is one of that name.
            if f"{base}.{alias.name}" in self._modules:
                yield f"{base}.{alias.name}"
            elif base in self._modules:
                yield base

    def _base(self, node: ast.ImportFrom) -> str:
        """Return the absolute name of what follows ``from``."""
        if not node.level:
            return node.module or ""
        parts = self._package.split(".")
        parts = parts[: len(parts) - node.level + 1]
        return ".".join([*parts, node.module] if node.module else parts)


def _is_type_checking(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING"):
            return True
        case ast.Attribute(value=ast.Name(id="typing"), attr="TYPE_CHECKING"):
            return True
    return False
