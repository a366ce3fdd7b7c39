"""Find circles of imports, between modules and between the children of every package."""

from __future__ import annotations

from collections.abc import Iterable

from tests.architecture.imports import Import

Graph = dict[str, set[str]]
"""What each node imports."""


def graph_of(imports: Iterable[Import]) -> Graph:
    """Return the graph of modules."""
    graph: Graph = {}
    for each in imports:
        graph.setdefault(each.importer, set()).add(each.imported)
    return graph


def sibling_graphs(imports: Iterable[Import]) -> dict[str, Graph]:
    """Return, for every package, the graph of its direct children: a child imports what any module
    in it imports."""
    graphs: dict[str, Graph] = {}
    for each in imports:
        importer, imported = each.importer.split("."), each.imported.split(".")
        depth = 0
        while depth < min(len(importer), len(imported)) and importer[depth] == imported[depth]:
            depth += 1
        if 0 < depth < min(len(importer), len(imported)):
            graph = graphs.setdefault(".".join(importer[:depth]), {})
            graph.setdefault(".".join(importer[: depth + 1]), set()).add(
                ".".join(imported[: depth + 1])
            )
    return graphs


def circles_of(graph: Graph) -> list[list[str]]:
    """Return the circles of ``graph``: the nodes of each, the first repeated as the last.

    Each import that closes a circle is in one of them; longer circles through the same imports are
    left out.
    """
    circles: dict[frozenset[str], list[str]] = {}
    for start in sorted(graph):
        for follower in sorted(graph[start]):
            if path := _path(graph, follower, start):
                circles.setdefault(frozenset(path), [start, *path])
    return list(circles.values())


def all_circles(imports: Iterable[Import]) -> list[str]:
    """Return the circles between modules, and those between the children of a package, as ``a -> b
    -> a``."""
    imports = list(imports)
    graphs = [graph_of(imports), *sibling_graphs(imports).values()]
    circles = {frozenset(circle): circle for graph in graphs for circle in circles_of(graph)}
    return [" -> ".join(circle) for circle in circles.values()]


def _path(graph: Graph, start: str, end: str) -> list[str]:
    """Return a shortest path, both ends in it; empty if no path exists."""
    paths = [[start]]
    seen = {start}
    for path in paths:
        if path[-1] == end:
            return path
        for follower in sorted(graph.get(path[-1], set()) - seen):
            seen.add(follower)
            paths.append([*path, follower])
    return []
