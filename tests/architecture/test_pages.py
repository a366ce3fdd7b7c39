"""The architecture page and the tree describe the same program."""

from __future__ import annotations

import re
import subprocess
from shutil import which

import pytest

from tests.architecture.imports import ROOT

PACKAGE = ROOT / "nobil_tui"
PAGE = (PACKAGE / "README.md").read_text("utf-8")
TOP_LEVEL = {"README.md", "nobil_tui", "pyproject.toml", "screenshots", "tests"}
"""What is at the top of the repository, besides hidden files and folders."""


def packages() -> set[str]:
    """Return the names of the packages directly below the program."""
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def names_in(page: str) -> set[str]:
    """Return the names of code in a page: those of constants, classes and private functions."""
    code = re.findall(r"`([^`\n]+)`", page)
    return {
        part
        for each in code
        if re.fullmatch(r"[A-Za-z_.]+", each) and not each.endswith((".py", ".md", ".toml"))
        for part in each.split(".")
        if re.fullmatch(r"[A-Z]\w*[a-z]\w*|[A-Z_]{4,}|_\w+", part) and part != "_internals"
    }


def test_every_package_has_a_row_and_a_folder_of_tests() -> None:
    rows = set(re.findall(r"^\| \[`(\w+)/`\]", PAGE, re.MULTILINE))
    assert rows == packages()
    assert {name for name in packages() if not (ROOT / "tests" / name).is_dir()} == set()


def test_every_name_in_the_page_is_in_the_code() -> None:
    known = {
        word
        for path in PACKAGE.rglob("*.py")
        for word in re.findall(r"\w+", path.read_text("utf-8"))
    }
    named = names_in(PAGE)
    assert {"SOURCES", "MIGRATIONS", "ListColumn", "_handler"} <= named
    assert named - known - {"BEGIN", "COMMIT", "NamedTuple"} == set()


def test_names_of_code_are_distinguished_from_words() -> None:
    assert names_in("`SOURCES`, `Seen`, `_x`, `Register.use_own`, `record`, `a b`, Plain") == {
        *("SOURCES", "Seen", "_x", "Register"),
    }


def test_the_top_level_holds_nothing_else() -> None:
    git = which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("git refuses to read the checkout")
    top = {path.split("/")[0] for path in listed.stdout.split("\0") if path}
    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL
