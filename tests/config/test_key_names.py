"""The names of keys are Textual's."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.binding import Binding, BindingsMap
from textual.keys import Keys, _character_to_key, _normalize_key_list

from nobil_tui.config.key_names import KEY_CHARACTERS, KeyNameError, canonical_key, types_character
from nobil_tui.tui.bindings import NEVER

NOT_DELIVERED = {"return", "<any>", "<scroll-up>", "<scroll-down>", "<ignore>", "ctrl-at", "ctrl+@"}
"""What Textual's list has beside the names that it uses for keys."""

HAVE_ONE_NAME = {"ctrl+i": "tab", "ctrl+m": "enter"}


@given(st.characters())
def test_a_character_has_the_name_that_textual_gives_it(character: str) -> None:
    if character.isprintable():
        assert canonical_key(character) == _character_to_key(character)
        assert types_character(canonical_key(character))


def test_every_character_of_ascii_can_be_written_by_name_too() -> None:
    for character in string.punctuation + " ":
        name = _character_to_key(character)
        assert KEY_CHARACTERS[name] == character
        assert canonical_key(name) == name


def test_every_key_that_textual_knows_is_a_key() -> None:
    for key in {key.value for key in Keys} - NOT_DELIVERED:
        assert canonical_key(key) == HAVE_ONE_NAME.get(key, key)


def test_textual_takes_a_canonical_name_as_it_is() -> None:
    for text in (
        "/",
        "?",
        "+",
        "ctrl++",
        "shift+ctrl+up",
        "ctrl+i",
        "comma",
        "alt+enter",
        "Ø",
        "f35",
    ):
        key = canonical_key(text)
        assert canonical_key(key) == key
        assert _normalize_key_list(key) == key
        assert list(BindingsMap([Binding(key, "x")]).key_to_bindings) == [key]


@given(
    st.text(max_size=12)
    | st.lists(st.sampled_from(["ctrl", "shift", "f1", "a", "A", "+", ""])).map("+".join)
)
def test_a_key_is_canonical_or_refused(text: str) -> None:
    try:
        key = canonical_key(text)
    except KeyNameError as error:
        assert str(error).isprintable()
    else:
        # A character that is on few keyboards is written as itself alone: too many words name one.
        assert not text[-1].isascii() or canonical_key(key) == key
        assert "," not in key


def test_misspelt_key_is_reported() -> None:
    for text, meant in (
        ("esc", '"escape"'),
        ("Return", '"enter"'),
        ("Ctrl+X", '"ctrl+x"'),
        ("control+x", '"ctrl+x"'),
        ("cmd+del", '"super+delete"'),
        ("PgDn", '"pagedown"'),
        ("page down", '"pagedown"'),
        ("slsh", '"slash"'),
        ("questionmark", '"question_mark"'),
        ("crtl+x", '"ctrl"'),
        ("ctrl+A", '"ctrl+shift+a"'),
        ("shift+a", '"A"'),
        ("shift+7", "expected that character"),
        ("s,x", '["s", "x"]'),
        ("ctrl+", "is not a key"),
        ("+a", "is not a key"),
        ("\t", "is not a key"),
        ("f36", "is not a key"),
        ("hyphen", '"minus"'),
        ("sun", "is not a key"),
        (NEVER, "is not a key"),
    ):
        with pytest.raises(KeyNameError) as caught:
            canonical_key(text)
        assert meant in str(caught.value)
        assert len(str(caught.value)) < 160


def test_some_keys_type_nothing() -> None:
    for key in ("enter", "f2", "ctrl+a", "alt+x", "escape", "left", "shift+tab"):
        assert not types_character(key), key


def test_some_keys_are_text() -> None:
    for key in ("a", "A", "7", "slash", "space", "shift+space", "section_sign"):
        assert types_character(key), key
