from __future__ import annotations

from urllib.parse import quote

from nobil_tui.hub.api_keys import generate_key, same_key


def test_keys_differ_are_long_and_stand_in_a_url_as_they_are() -> None:
    keys = {generate_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) >= 32 and quote(key, safe="") == key for key in keys)


def test_keys_are_compared_whole() -> None:
    assert same_key("abc", "abc")
    assert not same_key("ab", "abc")
    assert not same_key("", "abc")
    assert same_key("nøkkel", "nøkkel")
    assert not same_key("\udcff".encode(errors="replace").decode(), "nøkkel")
