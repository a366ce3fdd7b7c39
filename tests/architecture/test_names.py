"""A public name has one meaning: no two modules define the same one."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.imports import ROOT

PACKAGE = ROOT / "nobil_tui"
EACH_OF_ITS_KIND = {
    "logger": "each module logs under its own name",
    "decode": "each codec of frames decodes one",
    "status": "click derives the name of a command from its function: status, register status",
    "import_": "likewise: history import, register import",
}
"""Names that several modules define, and why."""


def public_names(source: str) -> Iterator[str]:
    """Yield the public names that a module defines at its top level."""
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names = [name]
            case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case ast.Assign(targets=targets):
                names = [each.id for each in targets if isinstance(each, ast.Name)]
            case _:
                names = []
        yield from (name for name in names if not name.startswith("_"))


def repeated(paths: list[Path]) -> dict[str, list[str]]:
    """Return the names that several modules define, each with the modules."""
    modules = defaultdict(set)
    for path in paths:
        for name in public_names(path.read_text("utf-8")):
            modules[name].add(str(path.relative_to(PACKAGE)))
    return {name: sorted(where) for name, where in modules.items() if len(where) > 1}


@pytest.mark.slow
def test_no_public_name_has_two_meanings() -> None:
    found = repeated(sorted(PACKAGE.rglob("*.py")))
    assert {name: where for name, where in found.items() if name not in EACH_OF_ITS_KIND} == {}
    # One that is no longer repeated leaves the list.
    assert found.keys() >= EACH_OF_ITS_KIND.keys()


def test_public_names_are_those_of_the_top_level() -> None:
    source = "A = B = 1\nC: int = 2\n_d = 3\ndef e(): f = 1\nclass G: h = 1\nasync def i(): ..."
    assert [*public_names(source)] == ["A", "B", "C", "e", "G", "i"]
