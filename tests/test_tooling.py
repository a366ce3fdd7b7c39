"""Tests of the contributors' files against pyproject.toml and the tree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.for_each import for_each

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = SETTINGS["project"]


def test_only_the_program_is_installed() -> None:
    assert SETTINGS["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["nobil_tui"]


def test_pre_commit_versions_match_test_extra() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    pins = set(re.findall(r'additional_dependencies: \["([^"]+)"\]', hooks))
    assert {re.split("==", pin)[0] for pin in pins} == {"ruff", "codespell"}
    assert pins <= set(PROJECT["optional-dependencies"]["test"])


def test_workflow_tests_all_declared_python_versions() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    matrix = re.search(r"python-version: \[(.+)\]", workflow)
    assert matrix is not None
    declared = [
        line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)
    ]
    assert re.findall(r'"([^"]+)"', matrix[1]) == declared
    assert PROJECT["requires-python"] == f">={declared[0]}"


PAGES = [
    "README.md",
    ".github/CONTRIBUTING.md",
    "nobil_tui/CHANGELOG.md",
    "nobil_tui/README.md",
    "tests/README.md",
]


@for_each("name", PAGES)
def test_files_named_in_documents_exist(name: str) -> None:
    page = ROOT / name
    text = page.read_text("utf-8")
    links = {page.parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text)}
    paths = {
        ROOT / path for path in re.findall(r"\b(?:nobil_tui|tests|screenshots)/[\w/.]*\w", text)
    }
    missing = {str(path.resolve().relative_to(ROOT)) for path in links | paths if not path.exists()}
    assert missing == set()
