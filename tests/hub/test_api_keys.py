"""The file of API keys: only hashes are stored, and a running hub follows its changes."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from urllib.parse import quote

import pytest

from nobil_tui.hub import api_keys
from nobil_tui.hub.api_keys import (
    KeyFile,
    KeyFileError,
    LocalKeys,
    OneKey,
    generate_key,
    local_key,
)

TODAY = "2026-11-29"


def test_generated_keys_are_unique_long_and_url_safe() -> None:
    keys = {generate_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) >= 32 and quote(key, safe="") == key for key in keys)


def test_one_key_compares_whole_keys() -> None:
    key = OneKey("nøkkel", "mine")
    assert key.owner("nøkkel") == "mine"
    for wrong in ("nøkke", "", "nøkkelx", "\udcff"):
        assert key.owner(wrong) is None
    assert key.has("mine")
    assert not key.has("other")
    with pytest.raises(ValueError, match="key"):
        OneKey("")


def test_file_has_hashes_only_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    keys = KeyFile(path)
    added = {name: keys.add(name, TODAY) for name in ("office", "kjøkken")}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text("utf-8")
    assert not any(key in text for key in added.values())
    other = KeyFile(path)
    for name, key in added.items():
        assert other.owner(key) == name
        assert other.owner(key[:-1]) is None
    assert [(entry.name, entry.created) for entry in other.read()] == [
        ("office", TODAY),
        ("kjøkken", TODAY),
    ]


def test_running_hub_sees_changes_of_the_file(tmp_path: Path) -> None:
    path, said = tmp_path / "keys.json", list[str]()
    running = KeyFile(path, said.append)
    assert running.read() == ()
    key = KeyFile(path).add("office", TODAY)
    assert running.owner(key) == "office"
    assert said == []
    KeyFile(path).revoke("office")
    assert running.owner(key) is None
    assert not running.has("office")
    assert said == [f"{path} has no keys any more: none of them is accepted."]


def test_a_file_that_is_away_for_a_moment_keeps_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, said, now = tmp_path / "keys.json", list[str](), [100.0]
    monkeypatch.setattr("nobil_tui.hub.api_keys.time.monotonic", lambda: now[0])
    running = KeyFile(path, said.append)
    key = running.add("office", TODAY)
    for _ in range(2):
        # As some editors save a file.
        path.rename(tmp_path / "backup")
        assert running.owner(key) == "office"
        now[0] += api_keys.MISSING_SECONDS - 1
        assert running.has("office")
        (tmp_path / "backup").rename(path)
        assert running.owner(key) == "office"
    path.unlink()
    assert running.owner(key) == "office"
    assert said == []
    now[0] += api_keys.MISSING_SECONDS
    assert running.owner(key) is None
    assert said == [f"{path} has no keys any more: none of them is accepted."]


def test_no_key_is_given_out_that_was_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.json"
    KeyFile(path).add("office", TODAY)
    # Another program, without a lock, changes the file between reading and writing.
    monkeypatch.setattr(api_keys, "replace_file", lambda *_: False)
    with pytest.raises(KeyFileError, match="another program has just changed"):
        KeyFile(path).add("kitchen", TODAY)
    with pytest.raises(KeyFileError, match="another program has just changed"):
        KeyFile(path).revoke("office")


def test_local_hub_accepts_its_own_key_and_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys = LocalKeys(KeyFile(path), "its own")
    assert keys.shown == "its own"
    assert keys.owner("its own") == "this machine"
    # Added while the hub runs.
    key = KeyFile(path).add("office", TODAY)
    assert keys.owner(key) == "office"
    assert keys.owner("its own") == "this machine"
    assert keys.owner("another") is None
    assert keys.shown == ""
    KeyFile(path).revoke("office")
    assert [keys.has(name) for name in ("office", "this machine")] == [False, True]


def test_names_are_checked(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    keys.add("office", TODAY)
    for name, words in (
        ("office", "already"),
        ("", "1 to 64"),
        ("x" * 65, "1 to 64"),
        ("a\x1bb", "printable"),
    ):
        with pytest.raises(KeyFileError, match=words):
            keys.add(name, TODAY)
    with pytest.raises(KeyFileError, match="no key named"):
        keys.revoke("missing")
    assert len(keys.read()) == 1


@pytest.mark.parametrize("content", [b"", b"{", b'{"keys": [{"name": "x"}]}', b"\xff\xfe"])
def test_invalid_file_is_an_error_and_keeps_the_keys_of_a_running_hub(
    tmp_path: Path, content: bytes
) -> None:
    path, said = tmp_path / "keys.json", list[str]()
    running = KeyFile(path, said.append)
    key = running.add("office", TODAY)
    path.write_bytes(content)
    assert running.owner(key) == "office"
    assert [each.partition(": ")[0] for each in said] == ["The keys stay as they were"]
    with pytest.raises(KeyFileError, match="is not a file of keys"):
        KeyFile(path).read()
    with pytest.raises(KeyFileError):
        KeyFile(path).add("other", TODAY)
    assert path.read_bytes() == content


def test_local_key_stays_the_same_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "hub-key"
    key = local_key(path)
    assert local_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("")
    with pytest.raises(KeyFileError, match="holds no key"):
        local_key(path)


def test_file_is_readable_json(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyFile(path).add("office", TODAY)
    [entry] = json.loads(path.read_text())["keys"]
    assert set(entry) == {"name", "sha256", "created"}
