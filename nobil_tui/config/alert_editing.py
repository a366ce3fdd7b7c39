"""Change the alerts in the text of a config file, and keep its comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import tomlkit

from nobil_tui.config.alert_rules import AlertKey, key_of_table
from nobil_tui.config.errors import KeyPath
from nobil_tui.config.operations import RULES_PATH, RemoveAlert, SetAlert, alert_table
from nobil_tui.config.toml_spans import TomlSpans

ChangeKey = Callable[[str, KeyPath, Any], str]
"""Sets a key that is in the text or adds it; None removes it."""


def ways_of_alert(
    text: str, document: dict[str, Any], operation: SetAlert | RemoveAlert, change_key: ChangeKey
) -> Iterator[Callable[[], str]]:
    """Yield the ways to do an operation, the best one first."""
    rules = document.get("alerts", {}).get("rule", [])
    index = _index_of(rules, operation.key)
    if isinstance(operation, RemoveAlert):
        yield lambda: _without_table(text, index)
        yield lambda: _by_library(text, lambda array: array.pop(index))
        return
    table = alert_table(operation.rule)
    if index == len(rules):
        yield lambda: _with_new_table(text, table)
        yield lambda: _by_library(text, lambda array: array.append(_inline(table)))
        yield lambda: _with_new_list(text, table)
        return
    changed = {key: table.get(key) for key in ("repeat", "paused")}
    changed = {
        key: value
        for key, value in changed.items()
        if (value or False) != rules[index].get(key, False)
    }

    def change() -> str:
        after = text
        for key, value in changed.items():
            # If the file spells out a default, it is changed there and not removed.
            written = False if value is None else value
            after = change_key(after, (*RULES_PATH, index, key), written)
        return after

    yield change
    yield lambda: _by_library(
        text,
        lambda array: array[index].update({key: value or False for key, value in changed.items()}),
    )


def _index_of(rules: list[dict[str, Any]], key: AlertKey) -> int:
    return next((i for i, rule in enumerate(rules) if key_of_table(rule) == key), len(rules))


def _with_new_table(text: str, table: dict[str, Any]) -> str:
    """Add an alert after the last one, else at the end."""
    lines = "".join(f"{key} = {tomlkit.item(value).as_string()}\n" for key, value in table.items())
    gap = "" if not text.strip() else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}[[alerts.rule]]\n{lines}"


def _with_new_list(text: str, table: dict[str, Any]) -> str:
    """Add the list of alerts to an inline table, to which no header can add."""
    root: Any = tomlkit.parse(text)
    rules = tomlkit.array()
    rules.append(_inline(table))
    root["alerts"]["rule"] = rules
    return str(tomlkit.dumps(root))


def _without_table(text: str, index: int) -> str:
    """Remove the lines of an alert, and keep the text around them."""
    spans = TomlSpans(text)
    path: KeyPath = (*RULES_PATH, index)
    start, tail = spans.keys[path], spans.tails[path]
    end = text.find("\n", tail) + 1 or len(text)
    before = text[:start]
    if before.endswith("\n\n"):
        before = before[:-1]
    return before + text[end:]


def _by_library(text: str, change: Callable[[Any], object]) -> str:
    root: Any = tomlkit.parse(text)
    array = root
    for part in RULES_PATH:
        array = array[part]
    change(array)
    if not array:
        del root["alerts"]["rule"]
    return str(tomlkit.dumps(root))


def _inline(table: dict[str, Any]) -> Any:
    inline = tomlkit.inline_table()
    inline.update(table)
    return inline
