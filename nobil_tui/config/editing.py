"""Changes the text of a config file, with its comments, order and spacing kept.

There are several ways to make a change, and none is right for every shape that a table or a list can be written in. So
each way is a candidate: the first that means what it must mean, and has lost no comment, is taken.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from nobil_tui.config.errors import KeyPath
from nobil_tui.config.operations import STARRED_PATH, Operation, Put, Star, apply_to_document
from nobil_tui.config.toml_spans import TomlSpans


class CannotEditError(Exception):
    """A change that no way of writing it gets right."""


def edit_text(text: str, operation: Operation) -> str:
    """Return the text with one operation done. Raises ``CannotEditError``."""
    before = tomllib.loads(text)
    wanted = apply_to_document(before, [operation])
    if wanted == before:
        return text
    adds = isinstance(operation, Star) or (isinstance(operation, Put) and _get(before, operation.path) is None)
    comments = _comments(text) if adds else Counter()
    for way in _ways(text, before, operation):
        try:
            candidate = way()
            if _meaning(tomllib.loads(candidate)) == _meaning(wanted) and comments <= _comments(candidate):
                return candidate
        # What a way cannot do shows in many errors: a library's own, a missing place, a shape it did not expect.
        except (TOMLKitError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            continue
    raise CannotEditError


def _ways(text: str, document: dict[str, Any], operation: Operation) -> Iterator[Callable[[], str]]:
    path = operation.path if isinstance(operation, Put) else STARRED_PATH
    if isinstance(operation, Put) and operation.value is None:
        yield lambda: _by_library(text, lambda root: _delete(root, path))
        return
    if isinstance(operation, Put):
        value = operation.plain
    elif _get(document, path) is None:
        value = [operation.station]
    else:
        yield from _ways_in_list(text, operation)
        return
    if _get(document, path) is not None:
        yield lambda: _with_value(text, path, value)
    else:
        if _get(document, path[:-1]) is None:
            yield lambda: _with_table(text, path, value)
        yield lambda: _with_line(text, path, value)
        yield lambda: _by_library(text, lambda root: _set(root, path, value))
        yield lambda: _with_table(text, path, value)


def _ways_in_list(text: str, operation: Operation) -> Iterator[Callable[[], str]]:
    if isinstance(operation, Star):
        yield lambda: _by_library(text, lambda root: _list(root).append(operation.station))
        yield lambda: _by_library(_with_comma(text), lambda root: _list(root).append(operation.station))
        yield lambda: _with_element(text, operation.station)
    elif not isinstance(operation, Put):
        yield lambda: _by_library(text, lambda root: _remove(_list(root), operation.station))


def _meaning(document: Any) -> Any:
    """Leave out empty tables: they say nothing, and what they are left by may take them along."""
    if not isinstance(document, dict):
        return document
    members = {key: _meaning(member) for key, member in document.items()}
    return {key: member for key, member in members.items() if member != {}}


def _get(document: Any, path: KeyPath) -> Any:
    for part in path:
        if not isinstance(document, dict) or part not in document:
            return None
        document = document[part]
    return document


def _comments(text: str) -> Counter[str]:
    return Counter(text[span.start : span.end].rstrip() for span in TomlSpans(text).comments)


# By the library: it keeps the shape of what it changes.


def _by_library(text: str, change: Callable[[Any], None]) -> str:
    root = tomlkit.parse(text)
    change(root)
    return str(tomlkit.dumps(root))


def _list(root: Any) -> Any:
    for part in STARRED_PATH:
        root = root[part]
    return root


def _remove(stations: Any, station: str) -> None:
    for index in reversed(range(len(stations))):
        if stations[index] == station:
            del stations[index]


def _delete(root: Any, path: KeyPath) -> None:
    *tables, key = path
    for part in tables:
        root = root[part]
    del root[key]


def _set(root: Any, path: KeyPath, value: Any) -> None:
    *tables, key = path
    for part in tables:
        if part not in root:
            root[part] = tomlkit.table()
        root = root[part]
    root[key] = value


# By the place: it puts a line where a reader would, and touches nothing else.


def _line(key: str | int, value: Any) -> str:
    return f"{tomlkit.key(str(key)).as_string()} = {tomlkit.item(value).as_string()}\n"


def _with_value(text: str, path: KeyPath, value: Any) -> str:
    start, end = TomlSpans(text).values[path]
    return f"{text[:start]}{tomlkit.item(value).as_string()}{text[end:]}"


def _with_line(text: str, path: KeyPath, value: Any) -> str:
    """Add a line to a table that has a header: below its commented-out example, else at the table's end."""
    places = TomlSpans(text)
    header, tail = places.keys[path[:-1]], places.tails[path[:-1]]
    following = min((at for at in places.keys.values() if at > tail), default=len(text))
    example = re.compile(rf"#\s*{re.escape(str(path[-1]))}\s*=")
    own = [span for span in places.comments if header < span.start < following]
    examples = [span.end for span in own if example.match(text, span.start)]
    end = text.find("\n", max(examples) if examples else _past_comments(text, tail))
    if end < 0:
        return f"{text}\n{_line(path[-1], value)}"
    return text[: end + 1] + _line(path[-1], value) + text[end + 1 :]


def _past_comments(text: str, tail: int) -> int:
    """Go over comments right behind a table's last line, unless they lead over to the next table."""
    match = re.compile(r"[^\n]*(?:\n[ \t]*#[^\n]*)*").match(text, tail)
    end = match.end() if match else tail
    following = text[end + 1 :].split("\n", 1)[0]
    return end if not following.strip() else tail


def _with_table(text: str, path: KeyPath, value: Any) -> str:
    """Add a table at the end."""
    header = ".".join(tomlkit.key(str(part)).as_string() for part in path[:-1])
    gap = "" if not text.strip() else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}[{header}]\n{_line(path[-1], value)}"


def _with_comma(text: str) -> str:
    """Put a comma behind the last element of the list where there is none: the library adds behind comments without."""
    end = _end_of_elements(TomlSpans(text))
    return f"{text[:end]},{text[end:]}"


def _with_element(text: str, station: str) -> str:
    """Add an element right behind the last, whatever follows it."""
    end = _end_of_elements(TomlSpans(text))
    return f"{text[:end]}, {tomlkit.item(station).as_string()}{text[end:]}"


def _end_of_elements(places: TomlSpans) -> int:
    elements = [path for path in places.values if path[:-1] == STARRED_PATH]
    return places.values[max(elements, key=lambda path: int(path[-1]))].end
