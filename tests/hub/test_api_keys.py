from __future__ import annotations

from urllib.parse import quote

from nobil_tui.hub.api_keys import generate_key, same_key


def test_generated_keys_are_unique_long_and_url_safe() -> None:
    keys = {generate_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) >= 32 and quote(key, safe="") == key for key in keys)


def test_same_key_compares_whole_keys() -> None:
    assert same_key("abc", "abc")
    assert not same_key("ab", "abc")
    assert not same_key("", "abc")
    assert same_key("nøkkel", "nøkkel")
    assert not same_key("\udcff".encode(errors="replace").decode(), "nøkkel")
