"""``nobil-tui keys``: keys are added, listed and revoked."""

from __future__ import annotations

from pathlib import Path

from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.hub.api_keys import KeyFile
from tests.cli.conftest import Run


def test_keys_are_added_listed_and_revoked(here: Run, home: Path) -> None:
    added = here("keys", "add", "office")
    assert added.returncode == ExitCode.SUCCESS
    key = added.stdout.strip()
    [path] = home.rglob("hub-keys.json")
    assert KeyFile(path).owner(key) == "office"
    assert "cannot be shown again" in added.stderr
    listed = here("keys", "list")
    assert listed.stdout.split()[1] == "office"
    assert key not in listed.stdout + path.read_text()
    again = here("keys", "add", "office")
    assert (again.returncode, again.stdout) == (ExitCode.FAILURE, "")
    assert 'there is a key named "office" already' in again.stderr
    for name in ("", "a\x1b"):
        wrong = here("keys", "add", name)
        assert wrong.returncode == ExitCode.USAGE
        assert wrong.stderr.endswith(": a name has 1 to 64 printable characters.\n")
    mistyped = here("keys", "revoke", "ofice")
    assert mistyped.returncode == ExitCode.FAILURE
    assert mistyped.stderr.endswith('named "ofice". Did you mean "office"?\n')
    assert here("keys", "revoke", "office").returncode == ExitCode.SUCCESS
    gone = here("keys", "revoke", "office")
    assert gone.returncode == ExitCode.FAILURE
    assert 'there is no key named "office"' in gone.stderr
    assert 'Add one with "nobil-tui keys add NAME"' in here("keys", "list").stderr


def test_another_file_is_used(here: Run, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    assert here("keys", "--keys", str(path), "add", "office").returncode == ExitCode.SUCCESS
    assert [entry.name for entry in KeyFile(path).read()] == ["office"]
    path.write_text("{")
    for command in (("list",), ("add", "x"), ("revoke", "office")):
        done = here("keys", *command, "--keys", str(path))
        assert done.returncode == ExitCode.FAILURE
        assert "is not a file of keys" in done.stderr
    folder = here("keys", "add", "x", "--keys", str(tmp_path))
    assert folder.returncode == ExitCode.USAGE
