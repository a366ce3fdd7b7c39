"""No module imports, however indirectly, one that imports it; nor does any package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.architecture.circles import all_circles
from tests.architecture.imports import (
    ROOT,
    Import,
    When,
    imports_of,
    modules_of,
    own_imports,
)


def allowed() -> set[tuple[str, str]]:
    """Return the imports that import-linter lets close a circle until they are removed."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (contract,) = [each for each in linter["contracts"] if each["type"] == "acyclic_siblings"]
    return {
        (importer, name)
        for line in contract.get("ignore_imports", [])
        for importer, name in [line.split(" -> ")]
    }


ALLOWED = allowed()


@pytest.mark.slow
def test_there_is_no_circle() -> None:
    assert (
        all_circles(each for each in own_imports() if (each.importer, each.imported) not in ALLOWED)
        == []
    )


def test_every_allowed_import_still_closes_a_circle() -> None:
    imports = own_imports()
    others = [each for each in imports if (each.importer, each.imported) not in ALLOWED]
    needed = {
        (each.importer, each.imported)
        for each in imports
        if (each.importer, each.imported) in ALLOWED and all_circles([*others, each])
    }
    assert needed == ALLOWED


def tree(root: Path, files: dict[str, str]) -> list[Import]:
    """Write a package ``p`` and return its imports."""
    for name, text in {"__init__.py": "", **files}.items():
        path = root / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return imports_of(modules_of(root, "p"))


@pytest.mark.parametrize(
    ("statement", "imported", "when"),
    [
        ("import p.b.c", "p.b.c", When.LOADED),
        ("from p.b.c import x", "p.b.c", When.LOADED),
        ("from p.b import c", "p.b.c", When.LOADED),
        ("from p.b import NAME", "p.b", When.LOADED),
        ("from .b import c", "p.b.c", When.LOADED),
        ("from . import b", "p.b", When.LOADED),
        ("from .b.c import x as y", "p.b.c", When.LOADED),
        ("def f():\n  if True:\n    from p import b", "p.b", When.DEFERRED),
        ("class C:\n  async def f(self):\n    import p.b", "p.b", When.DEFERRED),
        ("class C:\n  import p.b", "p.b", When.LOADED),
        ("try:\n  import p.b\nexcept ImportError:\n  pass", "p.b", When.LOADED),
        ("if TYPE_CHECKING:\n  from p.b import c", "p.b.c", When.TYPING),
        ("if TYPE_CHECKING:\n  pass\nelse:\n  from p.b import c", "p.b.c", When.LOADED),
        ("if typing.TYPE_CHECKING:\n  from p.b import c", "p.b.c", When.TYPING),
    ],
)
def test_an_import_is_found_in_every_form(
    tmp_path: Path, statement: str, imported: str, when: When
) -> None:
    imports = tree(
        tmp_path, {"a.py": f"import os, pb\n{statement}\n", "b/__init__.py": "", "b/c.py": ""}
    )
    assert [(each.importer, each.imported, each.when) for each in imports] == [
        ("p.a", imported, when)
    ]


def test_a_relative_import_in_a_package_starts_at_the_package(tmp_path: Path) -> None:
    imports = tree(
        tmp_path, {"b/__init__.py": "from .c import x", "b/c.py": "from ..d import y", "d.py": ""}
    )
    assert [(each.importer, each.imported) for each in imports] == [
        ("p.b", "p.b.c"),
        ("p.b.c", "p.d"),
    ]


def test_a_circle_is_reported_with_its_path(tmp_path: Path) -> None:
    files = {
        "a.py": "from p import b",
        "b.py": "def f():\n  from p.c import x",
        "c.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  from p import a",
        "d.py": "import p.a",
    }
    assert all_circles(tree(tmp_path, files)) == ["p.a -> p.b -> p.c -> p.a"]


def test_packages_that_import_one_another_are_a_circle_though_their_modules_are_none(
    tmp_path: Path,
) -> None:
    files = {
        "deep/x/a.py": "import p.deep.y.b",
        "deep/x/c.py": "",
        "deep/y/b.py": "",
        "deep/y/d.py": "import p.deep.x.c",
        **{f"deep/{package}__init__.py": "" for package in ("", "x/", "y/")},
    }
    assert all_circles(tree(tmp_path, files)) == ["p.deep.x -> p.deep.y -> p.deep.x"]
