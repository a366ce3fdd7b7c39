"""Print what is wrong with the imports of nobil_tui; with ``--write``, update the table of deferred
ones first.

Run it with ``python -m tests.architecture [--write]``.
"""

from __future__ import annotations

import sys

from tests.architecture import deferred
from tests.architecture.circles import all_circles
from tests.architecture.imports import own_imports


def main(arguments: list[str]) -> int:
    """Return 1 if anything is wrong, and 2 for an argument that is not known."""
    if arguments not in ([], ["--write"]):
        print(__doc__, file=sys.stderr)
        return 2
    imports = own_imports()
    found = deferred.deferred_in(imports)
    table = deferred.read() if deferred.TABLE.exists() else {}
    if arguments:
        table = deferred.updated(table, found)
        deferred.TABLE.write_text(deferred.text_of(table), "utf-8")
    problems = [f"circle: {circle}" for circle in all_circles(imports)]
    problems += [f"deferred import: {line}" for line in deferred.differences(table, found)]
    problems += [
        f"deferred import: {line}: loaded anyway" for line in deferred.needless_in(imports)
    ]
    print(*problems, f"{len(found)} deferred imports, {len(problems)} problems", sep="\n")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
