"""Validate what types cannot express about alerts."""

from __future__ import annotations

import re
from typing import Any

from nobil_tui.base.text import did_you_mean, one_of, quoted
from nobil_tui.config.alert_rules import MAX_RULES, PLACEHOLDERS, AlertKey, key_of_table
from nobil_tui.config.errors import InvalidValueError, KeyPath
from nobil_tui.config.setting_table import MAX_FILTER
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.places import AnyPlace
from nobil_tui.search.terms import DistanceTerm

MAX_ARGUMENTS = 100
MAX_ARGUMENT = 4096
MAX_STATION = 64
MAX_CONNECTOR = 64

_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_ANYWHERE = (0.0, 0.0)
_SHELLS = {"ash", "bash", "csh", "dash", "fish", "ksh", "sh", "tcsh", "zsh"}
_SCRIPT_OPTION = re.compile(r"-[A-Za-z]*c|--command")
"""The option of a shell before a script."""


def validate_rules(rules: list[dict[str, Any]], path: KeyPath) -> None:
    """Raise ``InvalidValueError`` for the first alert that is not valid."""
    if len(rules) > MAX_RULES:
        raise InvalidValueError(path, f"has {len(rules)} alerts; expected at most {MAX_RULES}.")
    seen: set[AlertKey] = set()
    for index, rule in enumerate(rules):
        _validate_rule(rule, (*path, index))
        key = key_of_table(rule)
        if key in seen:
            raise InvalidValueError((*path, index), "is the same as an alert above; remove one.")
        seen.add(key)


def filter_problem(text: str, *, needs_terms: bool) -> str:
    """Return what is wrong with the filter of an alert; empty if it can be used.

    Without a home, a filter by distance is valid and matches nothing.
    """
    query = parse_query(text, _ANYWHERE, AnyPlace())
    if query.problems:
        return query.problems[0].message
    if needs_terms and not query.without_live():
        return "selects every station; expected a place, a plug or other words"
    distances = [term for term in query.terms if isinstance(term, DistanceTerm)]
    if needs_terms and distances and all(term.km is None for term in distances):
        return "near alone leaves no station out; add a distance, such as within:5km"
    return ""


def validate_command(command: list[str], path: KeyPath) -> None:
    """Raise ``InvalidValueError`` for a command of the hook that cannot be run as written."""
    if len(command) > MAX_ARGUMENTS:
        raise InvalidValueError(
            path, f"has {len(command)} arguments; expected at most {MAX_ARGUMENTS}."
        )
    for index, argument in enumerate(command):
        place: KeyPath = (*path, index)
        if "\0" in argument or len(argument) > MAX_ARGUMENT:
            raise InvalidValueError(place, "cannot be an argument: it is too long or has a NUL.")
        for name in _PLACEHOLDER.findall(argument):
            if name not in PLACEHOLDERS:
                known = one_of(f"{{{each}}}" for each in PLACEHOLDERS)
                hint = did_you_mean(name, PLACEHOLDERS)
                raise InvalidValueError(
                    place, f"has {quoted(f'{{{name}}}')}; expected {known}.{hint}"
                )
    if (script := _script_with_placeholder(command)) is not None:
        # A station's name comes from outside: the shell would run "$(...)" in it.
        raise InvalidValueError(
            (*path, script),
            'has a placeholder in a script, which would run what a name contains; write "$1" in '
            'the script, and "sh" and the placeholder as further arguments.',
        )
    if command and (not command[0].strip() or _PLACEHOLDER.search(command[0])):
        raise InvalidValueError((*path, 0), "must be the program to run, without a placeholder.")


def _script_with_placeholder(command: list[str]) -> int | None:
    """Return the index of the first script for a shell that has a placeholder; None if none has."""
    shell = False
    for index, argument in enumerate(command):
        shell = shell or argument.rpartition("/")[2] in _SHELLS
        is_script = shell and index and _SCRIPT_OPTION.fullmatch(command[index - 1])
        if is_script and _PLACEHOLDER.search(argument):
            return index
    return None


def _validate_rule(rule: dict[str, Any], path: KeyPath) -> None:
    station, text = rule.get("station", ""), rule.get("filter", "")
    for name, most in (
        ("station", MAX_STATION),
        ("connector", MAX_CONNECTOR),
        ("filter", MAX_FILTER),
    ):
        value = rule.get(name, "")
        if len(value) > most:
            raise InvalidValueError(
                (*path, name), f"is too long; expected at most {most} characters."
            )
        if not value.isprintable():
            raise InvalidValueError(
                (*path, name), "has a control character; expected printable text."
            )
    if not station and not text:
        raise InvalidValueError(path, "has no station and no filter; expected one of them.")
    if rule.get("connector") and not station:
        raise InvalidValueError((*path, "connector"), "needs a station.")
    if rule.get("least", 1) > 1 and rule.get("when", "free") != "free":
        raise InvalidValueError((*path, "least"), 'is only for when = "free".')
    if text and (problem := filter_problem(text, needs_terms=not station)):
        raise InvalidValueError((*path, "filter"), f"is not a filter: {problem}.")
