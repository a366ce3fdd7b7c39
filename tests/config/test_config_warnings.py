"""Warnings about valid configs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nobil_tui.config.model import Config
from nobil_tui.config.reading import config_warnings, load_config

KEY = "hunter2hunter2"


@pytest.mark.skipif(os.name != "posix", reason="no modes here")
@pytest.mark.parametrize(
    ("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True), (0o400, False)]
)
def test_world_readable_key_is_a_warning(tmp_path: Path, mode: int, warned: bool) -> None:
    path = tmp_path / "config.toml"
    contents = (
        f'[stream]\napi_key = "{KEY}"',
        f'[stream]\nsource = "wss://example.org/?apikey={KEY}"',
        f'[stream]\nsource = "wss://example.org/?pwd={KEY}"',
        f'[enova]\naddress = "https://example.org/?token={KEY}"',
    )
    for content in contents:
        path.write_text(content)
        path.chmod(mode | 0o200)
        config = load_config(path)
        path.chmod(mode)
        told = config_warnings(path, config)
        assert bool(told) is warned
        assert KEY not in "".join(told)
        assert all(f"{mode:04o}" in each and "chmod 600" in each for each in told)
        path.chmod(0o600)


def test_file_without_a_key_may_be_world_readable(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[stream]\nsource = "wss://example.org/?key={private_apikey}&format=anything"')
    path.chmod(0o644)
    assert config_warnings(path, load_config(path)) == []
    assert config_warnings(tmp_path / "none", Config()) == []


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("http://example.org/", True),
        ("http://127.evil.example/", True),
        ("https://example.org/", False),
        ("http://127.0.0.1:8/", False),
        ("", False),
    ],
)
def test_unencrypted_key_is_a_warning(tmp_path: Path, address: str, warned: bool) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    path.write_text(f'[enova]\napi_key = "{KEY}"\naddress = "{address}"')
    told = config_warnings(path, load_config(path))
    assert bool(told) is warned
    assert all("[enova]" in each and "https" in each for each in told)
