"""An invalid alert is reported with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nobil_tui.config.alert_rules import AlertRule, AlertWhen, NotifyMethod
from nobil_tui.config.errors import ConfigError
from nobil_tui.config.reading import load_config

RULE = "[[alerts.rule]]\nstation = 'NOR_1'\n"


def loaded(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    path = tmp_path / "config.toml"
    path.write_text(text)
    return load_config(path).alerts


def test_a_valid_config(tmp_path: Path) -> None:
    alerts = loaded(
        tmp_path,
        "[alerts]\nnotify = 'osc9'\ncommand = ['push', '{name}: {summary}']\n"
        f"{RULE}when = 'works'\n{RULE}connector = 'NO*1'\nfilter = 'ccs'\n"
        "[[alerts.rule]]\nfilter = 'ccs >=150kw within:5km'\nleast = 2\nrepeat = true\n",
    )
    assert alerts.notify is NotifyMethod.OSC9
    script = ["sh", "-c", 'push "$1"', "sh", "{name}"]
    assert loaded(tmp_path, f"[alerts]\ncommand = {json.dumps(script)}\n").command == script
    assert alerts.rule == [
        AlertRule("NOR_1", when=AlertWhen.WORKS),
        AlertRule("NOR_1", "NO*1", "ccs"),
        AlertRule(filter="ccs >=150kw within:5km", least=2, repeat=True),
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[alerts]\nnotify = 'osc8'\n", 2, 'Did you mean "osc9"?'),
        ("[alerts]\ncommand = ['x',\n '{nmae}']\n", 3, 'Did you mean "name"?'),
        ("[alerts]\ncommand = ['{name}']\n", 2, "must be the program to run"),
        ("[alerts]\ncommand = 'x'\n", 2, "expected a list"),
        ("[alerts]\ncommand = ['sh', '-c',\n 'push {name}']\n", 3, "has a placeholder in a script"),
        ("[alerts]\ncommand = ['nice', '/bin/bash', '-ec', '{name}']\n", 2, 'write "$1"'),
        ("[alerts.rule]\nstation = 'A'\n", 1, "write [[alerts.rule]] for [alerts.rule]"),
        (f"{RULE}when = 'busy'\n", 3, "expected free, fault or works"),
        (f"{RULE}least = 0\n", 3, "is out of range; expected 1 to 1000"),
        (f"{RULE}least = 'two'\n", 3, "expected a whole number"),
        (f"{RULE}least = 2\nwhen = 'fault'\n", 3, 'is only for when = "free"'),
        (f"{RULE}connector = 2\n", 3, "is a number; expected a text in quotes"),
        (f"{RULE}plug = 'ccs'\n", 3, "is not known"),
        ("[[alerts.rule]]\nwhen = 'free'\n", 1, "has no station and no filter"),
        ("[[alerts.rule]]\nfilter = 'ccs'\nconnector = '1'\n", 3, "needs a station"),
        ("[[alerts.rule]]\nfilter = 'colour:red'\n", 2, "unknown field colour:"),
        ("[[alerts.rule]]\nfilter = 'free'\n", 2, "selects every station"),
        ("[[alerts.rule]]\nfilter = 'near:oslo'\n", 2, "add a distance"),
        (f"{RULE}\n{RULE}paused = true\n", 4, "is the same as an alert above"),
        ('[[alerts.rule]]\nstation = "a\\u001bb"\n', 2, "has a control character"),
    ],
)
def test_what_is_wrong_has_a_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, text)
    assert f"config.toml:{line}: " in str(raised.value)
    assert words in str(raised.value)
