"""Edit the text of a config file and keep its comments, order and spacing.

No single way of editing suits every form of a table or list. Each way yields a candidate; the first
one that has the intended meaning and keeps all comments is used.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from nobil_tui.config.alert_editing import ways_of_alert
from nobil_tui.config.errors import KeyPath
from nobil_tui.config.operations import (
    STARRED_PATH,
    Operation,
    Put,
    RemoveAlert,
    SetAlert,
    Star,
    Unstar,
    apply_to_document,
)
from nobil_tui.config.toml_spans import TomlSpans

_WITH_COMMENTS = re.compile(r"[^\n]*+(?:\n[ \t]*+#[^\n]*+)*+")
"""The rest of a line, and the lines after it that are comments."""


class CannotEditError(Exception):
    """No way of editing gives the intended result."""


def edit_text(text: str, operation: Operation) -> str:
    """Return the text with one operation applied. Raise ``CannotEditError``."""
    before = tomllib.loads(text)
    wanted = apply_to_document(before, [operation])
    if wanted == before:
        return text
    puts = isinstance(operation, Put) and _get(before, operation.path) is None
    adds = isinstance(operation, Star | SetAlert) or puts
    comments = _comments(text) if adds else Counter()
    for way in _ways(text, before, operation):
        try:
            candidate = way()
            if _meaning(tomllib.loads(candidate)) == _meaning(wanted) and comments <= _comments(
                candidate
            ):
                return candidate
        # A way fails with many errors: the library's own, a missing span, an unexpected form.
        except (TOMLKitError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            continue
    raise CannotEditError


def _ways(text: str, document: dict[str, Any], operation: Operation) -> Iterator[Callable[[], str]]:
    if isinstance(operation, SetAlert | RemoveAlert):
        yield from ways_of_alert(text, document, operation, _with_key)
        return
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


def _ways_in_list(text: str, operation: Star | Unstar) -> Iterator[Callable[[], str]]:
    if isinstance(operation, Star):
        yield lambda: _by_library(text, lambda root: _list(root).append(operation.station))
        yield lambda: _by_library(
            _with_comma(text), lambda root: _list(root).append(operation.station)
        )
        yield lambda: _with_element(text, operation.station)
    else:
        yield lambda: _by_library(text, lambda root: _remove(_list(root), operation.station))


def _meaning(document: Any) -> Any:
    """Return a document without empty tables, which mean nothing: an edit may leave one."""
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


# Edits by tomlkit, which keeps the form of the values that it changes.


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


# Edits by span, which add a line where a user would and change nothing else.


def _line(key: str | int, value: Any) -> str:
    return f"{tomlkit.key(str(key)).as_string()} = {tomlkit.item(value).as_string()}\n"


def _with_value(text: str, path: KeyPath, value: Any) -> str:
    start, end = TomlSpans(text).values[path]
    return f"{text[:start]}{tomlkit.item(value).as_string()}{text[end:]}"


def _with_key(text: str, path: KeyPath, value: Any) -> str:
    """Set a key of a table that has a header."""
    present = path in TomlSpans(text).values
    return _with_value(text, path, value) if present else _with_line(text, path, value)


def _with_line(text: str, path: KeyPath, value: Any) -> str:
    """Add a line to a table with a header: after its commented-out example, else at the end."""
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
    """Skip comments directly after a table's last line, unless they introduce the next table."""
    match = _WITH_COMMENTS.match(text, tail)
    end = match.end() if match else tail
    following = text[end + 1 :].split("\n", 1)[0]
    return end if not following.strip() else tail


def _with_table(text: str, path: KeyPath, value: Any) -> str:
    """Add a table at the end."""
    header = ".".join(tomlkit.key(str(part)).as_string() for part in path[:-1])
    gap = "" if not text.strip() else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}[{header}]\n{_line(path[-1], value)}"


def _with_comma(text: str) -> str:
    """Add a trailing comma to the list, without which the library appends after comments."""
    end = _end_of_elements(TomlSpans(text))
    return f"{text[:end]},{text[end:]}"


def _with_element(text: str, station: str) -> str:
    """Add an element directly after the last one."""
    end = _end_of_elements(TomlSpans(text))
    return f"{text[:end]}, {tomlkit.item(station).as_string()}{text[end:]}"


def _end_of_elements(places: TomlSpans) -> int:
    elements = [path for path in places.values if path[:-1] == STARRED_PATH]
    return places.values[max(elements, key=lambda path: int(path[-1]))].end
