"""The table of deferred imports: the function-level imports of our own modules, with reasons.

``deferred_imports.toml`` groups them by reason: ``["reason"]``, then ``"importing module" =
["imported module"]``.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.architecture.circles import graph_of
from tests.architecture.imports import Import, When

TABLE = Path(__file__).parent / "deferred_imports.toml"
NO_REASON = "TODO: move each line to the group with its reason"
"""The group of an import for which no reason is known."""

HEADER = """\
# Every import of one of our own modules inside a function, grouped by reason. tests/architecture
# fails for an import that is not listed here, and for a line without an import. "python -m
# tests.architecture --write" updates the table. It gives a new import the reason of the other
# imports of its module, so check that it applies.
"""

Pair = tuple[str, str]
"""The importing module and the imported one."""
Table = dict[str, set[Pair]]
"""The deferred imports of each reason."""


def read(path: Path = TABLE) -> Table:
    """Return the table in ``path``."""
    groups = tomllib.loads(path.read_text("utf-8"))
    return {
        reason: {(importer, imported) for importer, names in group.items() for imported in names}
        for reason, group in groups.items()
    }


def text_of(table: Table) -> str:
    """Return ``table`` as TOML, sorted, without empty groups."""
    text = HEADER
    for reason, pairs in table.items():
        if pairs:
            text += f'\n["{reason}"]\n'
        for importer in sorted({importer for importer, _ in pairs}):
            names = sorted(imported for of, imported in pairs if of == importer)
            text += f'"{importer}" = [\n' + "".join(f'  "{name}",\n' for name in names) + "]\n"
    return text


def deferred_in(imports: Iterable[Import]) -> set[Pair]:
    """Return the imports that run in a function."""
    return {(each.importer, each.imported) for each in imports if each.when is When.DEFERRED}


def needless_in(imports: Iterable[Import]) -> list[str]:
    """Return the deferred imports of modules that are loaded with their importer anyway."""
    imports = list(imports)
    graph = graph_of(each for each in imports if each.when is When.LOADED)

    def loaded_with(module: str) -> set[str]:
        loaded: set[str] = set()
        waiting = {module}
        while waiting:
            name = waiting.pop()
            loaded.add(name)
            # A module is loaded after the packages that it is in.
            waiting |= {*graph.get(name, ()), *_packages_of(name)} - loaded
        return loaded

    return [
        f"{importer} -> {name}"
        for importer, name in sorted(deferred_in(imports))
        if name in loaded_with(importer)
    ]


def _packages_of(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def differences(table: Table, found: set[Pair]) -> list[str]:
    """Return what is wrong with ``table``, one line each: imports not listed, not found, listed
    twice, no reason."""
    listed = Counter(pair for pairs in table.values() for pair in pairs)
    wrong = {
        "not listed": found - set(listed),
        "listed, but not in the code": set(listed) - found,
        "listed under two reasons": {pair for pair, times in listed.items() if times > 1},
        "listed without a reason": table.get(NO_REASON, set()),
    }
    return [
        f"{importer} -> {name}: {what}"
        for what, pairs in wrong.items()
        for importer, name in sorted(pairs)
    ]


def updated(table: Table, found: set[Pair]) -> Table:
    """Return ``table`` with exactly the imports ``found``; a new one joins the group of its nearest
    neighbours."""
    listed = {pair for pairs in table.values() for pair in pairs}
    new = {reason: pairs & found for reason, pairs in table.items()}
    for importer, imported in sorted(found - listed):
        new.setdefault(_reason_of(table, importer), set()).add((importer, imported))
    return new


def _reason_of(table: Table, importer: str) -> str:
    """Return the reason of most imports in the same module, or else in the nearest package that has
    any."""
    place = importer
    while "." in place:
        counts = Counter(
            {reason: sum(_is_in(of, place) for of, _ in pairs) for reason, pairs in table.items()}
        )
        if counts and (best := counts.most_common(1)[0])[1]:
            return best[0]
        place = place.rpartition(".")[0]
    return NO_REASON


def _is_in(module: str, place: str) -> bool:
    return module == place or module.startswith(f"{place}.")
