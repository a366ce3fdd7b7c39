"""Alerts are added, changed and removed in the file, and everything else is kept."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.config.alert_rules import AlertRule, AlertWhen
from nobil_tui.config.editing import edit_text
from nobil_tui.config.operations import Operation, RemoveAlert, SetAlert, Star, apply_to_document
from nobil_tui.config.template import TEMPLATE
from tests.for_each import for_each

RULES = st.builds(
    AlertRule,
    station=st.sampled_from(["NOR_1", 'a"b', "[x]"]),
    connector=st.sampled_from(["", "2"]),
    when=st.sampled_from(AlertWhen),
    repeat=st.booleans(),
    paused=st.booleans(),
)
OPERATIONS = st.lists(
    RULES.map(SetAlert) | RULES.map(lambda rule: RemoveAlert(rule.key)) | st.just(Star("NOR_9")),
    max_size=8,
)
FILES = [
    "",
    TEMPLATE,
    "# mine\n[alerts]\nnotify = 'bell' # loud\n\n[watched]\nstations = ['NOR_1']\n",
    "[[alerts.rule]] # first\nstation = 'NOR_1'\npaused = true # for now\n\n# the other\n"
    "[[alerts.rule]]\nstation = 'x'\nconnector = '1'\n",
    "alerts.rule = [{station = 'NOR_1'}] # all\n",
    "alerts = { rule = [{station = 'NOR_1', repeat = true}] }\n",
    "alerts = {}\n",
    "alerts = { notify = 'bell' }\n",
    "[alerts]\nrule = []\n",
]


@given(st.sampled_from(FILES), OPERATIONS)
def test_the_file_means_what_the_operations_mean(text: str, operations: list[Operation]) -> None:
    wanted: dict[str, Any] = tomllib.loads(text)
    for operation in operations:
        wanted = apply_to_document(wanted, [operation])
        text = edit_text(text, operation)
    assert rules_of(tomllib.loads(text)) == rules_of(wanted)


def rules_of(document: dict[str, Any]) -> tuple[Any, Any]:
    return document.get("alerts", {}).get("rule", []), document.get("watched", {})


def test_comments_stay_where_they_are() -> None:
    text = edit_text(FILES[3], SetAlert(AlertRule("NOR_1", repeat=True)))
    assert (
        "[[alerts.rule]] # first\nstation = 'NOR_1'\npaused = false # for now\nrepeat = true\n"
        in text
    )
    text = edit_text(text, RemoveAlert(AlertRule("NOR_1").key))
    assert text == "\n# the other\n[[alerts.rule]]\nstation = 'x'\nconnector = '1'\n"


def test_a_new_alert_is_a_table_of_its_own() -> None:
    text = edit_text(
        "[watched]\nstations = []\n", SetAlert(AlertRule("NOR_1", filter="ccs >=150kw"))
    )
    assert text.endswith('\n\n[[alerts.rule]]\nstation = "NOR_1"\nfilter = "ccs >=150kw"\n')


@for_each("text", FILES)
def test_what_is_so_already_changes_nothing(text: str) -> None:
    assert edit_text(text, RemoveAlert(AlertRule("none").key)) == text
    added = edit_text(text, SetAlert(AlertRule("new")))
    assert edit_text(added, SetAlert(AlertRule("new"))) == added
