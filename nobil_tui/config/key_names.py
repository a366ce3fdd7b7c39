"""The names of keys: as Textual delivers them, or the character that a key types."""

from __future__ import annotations

import string
import unicodedata

from nobil_tui.base.text import did_you_mean, quoted

_REPLACED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}

_MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
"""In Textual's order."""

_FUNCTION_KEYS = tuple(f"f{number}" for number in range(1, 36))

_NAMED = (
    *("escape", "enter", "tab", "backspace", "insert", "delete", "left", "right", "up", "down"),
    *("home", "end", "pageup", "pagedown", *_FUNCTION_KEYS),
)
"""Keys that type no character."""

_SAME = {"ctrl+i": "tab", "ctrl+m": "enter"}
"""Keys for which a terminal sends the same bytes as for another key."""

_OTHER_WORDS = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "bksp": "backspace",
    "pgup": "pageup",
    "page_up": "pageup",
    "pgdn": "pagedown",
    "page_down": "pagedown",
    "dot": "full_stop",
    "period": "full_stop",
    "dash": "minus",
    "hyphen": "minus",
    "hash": "number_sign",
    "equals": "equals_sign",
    "spacebar": "space",
    "control": "ctrl",
    "cmd": "super",
    "option": "alt",
}
"""Other names of keys, for suggestions."""


class KeyNameError(ValueError):
    """A text that is not the name of a key. The message continues after the place of the text."""


def key_name_of(character: str) -> str:
    """Return the name of the key that types a printable character: itself, or ``question_mark``."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _REPLACED.get(name, name)


KEY_CHARACTERS = {key_name_of(character): character for character in string.punctuation + " "}
"""The named keys that type a character."""


def types_character(key: str) -> bool:
    """Return whether a key types a character into a text field."""
    return ("+" not in key and key not in _NAMED) or key == "shift+space"


def canonical_key(text: str) -> str:
    """Return Textual's name of a key as a user wrote it. Raise ``KeyNameError`` if unknown."""
    if len(text) == 1:
        return _single(text)
    # The plus key itself may follow a plus.
    held_text, joined, last = (text[:-2], "+", "+") if text.endswith("++") else text.rpartition("+")
    held = held_text.split("+") if joined else []
    unknown = next((each for each in held if each not in _MODIFIERS), None)
    if unknown is not None:
        raise KeyNameError(_no_key(text, unknown, _MODIFIERS))
    if not last:
        raise KeyNameError(f"is {quoted(text)}, which is not a key.")
    base = _single(last) if len(last) == 1 else last
    if len(base) > 1 and base not in _NAMED and base not in KEY_CHARACTERS and len(last) > 1:
        raise KeyNameError(_no_key(text, last, (*_NAMED, *KEY_CHARACTERS)))
    key = "+".join([*sorted(set(held)), base])
    _check_arrives(text, set(held), base)
    return _SAME.get(key, key)


def _single(character: str) -> str:
    name = key_name_of(character) if character.isprintable() else ""
    if not name:
        raise KeyNameError(f"is {quoted(character)}, which is not a key.")
    return name


def _check_arrives(text: str, held: set[str], base: str) -> None:
    """Raise for spellings that no terminal sends, since it sends the typed character."""
    if held == {"shift"} and len(base) == 1 and base.isalpha():
        raise KeyNameError(
            f"is {quoted(text)}, which arrives as the letter that it types; expected "
            f'"{base.upper()}".'
        )
    if held == {"shift"} and types_character(base) and base != "space":
        raise KeyNameError(
            f"is {quoted(text)}, which arrives as the character that it types; expected that "
            "character."
        )
    if held and len(base) == 1 and base != base.lower():
        meant = "+".join([*sorted({*held, "shift"}), base.lower()])
        raise KeyNameError(f'is {quoted(text)}, which never arrives; expected "{meant}".')


def _no_key(text: str, part: str, names: tuple[str, ...]) -> str:
    """Return the message for an unknown key, with a suggestion."""
    if "," in text:
        return (
            f'is {quoted(text)}, which is not a key; expected a list for several keys: ["s", "x"].'
        )
    meant = "+".join(_OTHER_WORDS.get(word, word) for word in text[:64].casefold().split("+"))
    if meant != text and _is_key(meant):
        return f'is {quoted(text)}, which is not a key. Did you mean "{meant}"?'
    near = did_you_mean(part.replace(" ", "_"), names)
    return (
        f"is {quoted(text)}, which is not a key; expected a character or a name such as enter, "
        f"f2 or ctrl+x.{near}"
    )


def _is_key(text: str) -> bool:
    try:
        canonical_key(text)
    except KeyNameError:
        return False
    return True
