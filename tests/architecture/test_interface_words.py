"""What the program says uses one word per thing, as an English command-line tool would."""

from __future__ import annotations

import re

import pytest

from tests.architecture.interface_texts import PACKAGE, interface_texts, read_texts, texts_of

AVOIDED = {
    r"\btold\b|\btells? (?:me|you)\b": "notify",
    r"\bsomebody\b|\bnobody\b|\bwhoever\b": "name who it is",
    r"\banew\b": "again",
    r"\bstands? (?:in|for|at|on|beside|by|there|here)\b": "is",
    r"\bthe other way round\b": "reverse",
    r"\bis not written\b|\bare not written\b": "could not write",
    r"\bby itself\b": "automatically",
    r"\bwas not saved\b": "could not save",
    r"% in use\b|\bconnectors? in use\b": "occupied",
    r"\bevents (?:pane|·)": "event log",
    r"\bdoes not take\b": "refused",
    r"\bsays? nothing\b": "ignored",
    r"\bin fault\b": "faulty",
    r"\bmarked (?:as|by)\b|\bmark the station\b": "starred",
    r"\bwatched stations?\b": "starred",
    r"\bcharging (?:points?|sites?)\b|(?<!car )\bchargers?\b": "station or connector",
    r"\bevses?\b(?! ?u?id)": "connector",
    r"\bchanges log\b|\bevents log\b": "event log",
    r"\bdata source\b|\bdatasource\b": "source",
    r"\bkey binding for\b": "key",
    r"\bkindly\b|\bplease\b|\boops\b|\bsorry\b": "say what to do",
    r"\bcannot be done\b": "say why and what to do",
    r"\bparking costs\b": "parking: paid",
    r"\bwithin what\b": "within of what?",
    r"\bclick here\b": "name the key",
}
"""What not to say, and what to say."""


def avoided_in(text: str) -> list[str]:
    """Return each avoided word of a text with the better one."""
    return [
        f"{found[0]!r} -> {better}"
        for pattern, better in AVOIDED.items()
        for found in re.finditer(pattern, text, re.IGNORECASE)
    ]


@pytest.mark.slow
def test_no_text_of_the_interface_has_an_avoided_word() -> None:
    found = [
        f"{place}: {word} in {text!r}"
        for place, text in interface_texts()
        for word in avoided_in(text)
    ]
    assert found == []


def test_the_texts_of_every_kind_are_collected() -> None:
    assert "Star or unstar the selected station." in read_texts(PACKAGE / "commands.py")
    assert "Enter a name." not in read_texts(PACKAGE / "commands.py")
    dialog = read_texts(PACKAGE / "tui/dialogs/connect.py")
    assert "Could not connect: {}." in dialog
    assert "Remember both in the config once they work" in dialog
    register = " ".join(read_texts(PACKAGE / "cli/register.py"))
    assert "Fetch the register from NOBIL." in register
    assert "A colour theme" in " ".join(read_texts(PACKAGE / "config/setting_table.py"))


def test_what_no_user_sees_is_not_collected() -> None:
    source = '"""A docstring."""\nx = 1\n"""An attribute."""\nlogger.info("is told", f"is {x}")\n'
    assert [*texts_of(source)] == []
    assert [*texts_of("say(f'{x} is told')")] == [(1, "{} is told")]


def test_an_avoided_word_is_found() -> None:
    assert avoided_in("You are told when it is free.") == ["'told' -> notify"]
    assert avoided_in("1 connector in fault") == ["'in fault' -> faulty"]
