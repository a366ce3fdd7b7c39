"""Changes to a config as small operations, so that concurrent programs keep each other's
changes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct

from nobil_tui.base.redaction import Secret
from nobil_tui.config.alert_rules import AlertKey, AlertRule, key_of_table
from nobil_tui.config.errors import KeyPath
from nobil_tui.config.model import Config, secret_from_text

Plain = str | bool | int | float
Value = Plain | Secret | Sequence[Plain] | None

STARRED_PATH: KeyPath = ("watched", "stations")
RULES_PATH: KeyPath = ("alerts", "rule")


class Star(Struct, frozen=True):
    """Star a station, after those already starred."""

    station: str


class Unstar(Struct, frozen=True):
    """Unstar a station."""

    station: str


class Put(Struct, frozen=True):
    """Set or remove one key. A list is replaced as a whole."""

    section: str
    """The table, such as ``stream`` or ``interface.keys``."""
    key: str
    value: Value
    """None removes the key, so that the default applies."""

    @property
    def path(self) -> tuple[str, ...]:
        """The path of the key in the file."""
        return (*self.section.split("."), self.key)

    @property
    def plain(self) -> Any:
        """The value as a TOML type, with secrets revealed."""
        return _plain(self.value)


class SetAlert(Struct, frozen=True):
    """Add an alert, or change whether the one with its key repeats and is paused."""

    rule: AlertRule

    @property
    def key(self) -> AlertKey:
        """The alert that it changes."""
        return self.rule.key


class RemoveAlert(Struct, frozen=True):
    """Remove an alert."""

    key: AlertKey


Operation = Star | Unstar | Put | SetAlert | RemoveAlert


def inverse_of(operation: Operation, config: Config) -> Operation:
    """Return the operation that takes back ``operation``, which is not applied to ``config``
    yet."""
    match operation:
        case Star(station) | Unstar(station):
            return Star(station) if station in config.watched.stations else Unstar(station)
        case SetAlert() | RemoveAlert():
            held = next((rule for rule in config.alerts.rule if rule.key == operation.key), None)
            return RemoveAlert(operation.key) if held is None else SetAlert(held)
        case Put(section, key):
            value: Any = config
            for part in section.split("."):
                value = value.get(part) if isinstance(value, dict) else getattr(value, part)
            value = value.get(key) if isinstance(value, dict) else getattr(value, key)
            return Put(section, key, list(value) if isinstance(value, tuple) else value)


def apply_to_document(document: dict[str, Any], operations: Sequence[Operation]) -> dict[str, Any]:
    """Return a copy of a valid TOML document with the operations applied.

    Raise ``TypeError`` if a value is in the place of a table.
    """
    changed = deepcopy(document)
    for operation in operations:
        match operation:
            case Star(station):
                stations = changed.setdefault("watched", {}).setdefault("stations", [])
                if station not in stations:
                    stations.append(station)
            case Unstar(station):
                stations = changed.get("watched", {}).get("stations", [])
                stations[:] = [each for each in stations if each != station]
            case SetAlert(rule):
                _set_alert(changed, rule)
            case RemoveAlert(key):
                _remove_alert(changed, key)
            case Put():
                _put(changed, operation.path, operation.plain)
    return changed


def applied_to(config: Config, operations: Sequence[Operation]) -> Config:
    """Return a config with the operations applied.

    Raise ``msgspec.ValidationError`` for a value of a wrong type.
    """
    if not operations:
        return config
    document = msgspec.to_builtins(config, enc_hook=_plain)
    return msgspec.convert(
        apply_to_document(document, operations), Config, dec_hook=secret_from_text
    )


def _put(document: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *tables, key = path
    table = document
    for name in tables:
        if value is None and name not in table:
            return
        table = table.setdefault(name, {})
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def alert_table(rule: AlertRule) -> dict[str, Any]:
    """Return an alert as TOML can hold it, without its defaults."""
    table: dict[str, Any] = msgspec.to_builtins(rule)
    return table


def _set_alert(document: dict[str, Any], rule: AlertRule) -> None:
    rules = document.setdefault("alerts", {}).setdefault("rule", [])
    table = alert_table(rule)
    for held in rules:
        if key_of_table(held) == rule.key:
            for key in ("repeat", "paused"):
                if held.get(key, False) != table.get(key, False):
                    held[key] = table.get(key, False)
            return
    rules.append(table)


def _remove_alert(document: dict[str, Any], key: AlertKey) -> None:
    section = document.get("alerts", {})
    rules = section.get("rule", [])
    kept = [rule for rule in rules if key_of_table(rule) != key]
    if len(kept) < len(rules):
        section["rule"] = kept
        if not kept:
            del section["rule"]


def _plain(value: Any) -> Any:
    match value:
        case Secret():
            return value.reveal()
        case Enum():
            return value.value
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            return value
