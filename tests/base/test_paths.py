"""Files are where the platform's conventions say, and asking for a path creates nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nobil_tui.base import paths


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="other customs there")
def test_the_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    assert paths.config_file() == tmp_path / "CONFIG" / "nobil-tui" / "config.toml"
    assert paths.state_dir() == tmp_path / "STATE" / "nobil-tui"
    assert paths.cache_dir() == tmp_path / "CACHE" / "nobil-tui"
    assert paths.register_file() == tmp_path / "CACHE" / "nobil-tui" / "register.msgpack"
    assert paths.log_file().parent.is_relative_to(paths.state_dir())
    assert paths.log_file().name == "nobil-tui.log"
    assert list(tmp_path.iterdir()) == []
