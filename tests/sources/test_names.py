"""Which source a text names, and the errors for other texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.feeds.source import SourceError
from nobil_tui.sources.catalogue import DEMO, ENOVA, RECORDING, V1, SourceKind
from nobil_tui.sources.names import kind_of, without_key
from tests.for_each import for_each

PLACE = "wss://example.org/x?key={private_apikey}"


@for_each(
    ("text", "kind"),
    [
        ("", DEMO),
        ("demo", DEMO),
        ("Demo", DEMO),
        ("v1", V1),
        ("ws://h/x", V1),
        ("wss://h/x", V1),
        ("enova", ENOVA),
        ("day.jsonl", RECORDING),
        ("a/b.jsonl.gz", RECORDING),
    ],
)
def test_kind_of_a_text(text: str, kind: SourceKind) -> None:
    assert kind_of(text) is kind


def test_an_existing_file_is_a_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "captured"
    with pytest.raises(SourceError, match="not a source"):
        kind_of(str(file))
    file.touch()
    assert kind_of(str(file)) is RECORDING
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kind_of("~/captured") is RECORDING


def test_a_folder_is_not_a_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as raised:
        kind_of(str(tmp_path))
    assert str(raised.value).startswith(f"{tmp_path} is a folder, and not a source. Expected fin")


def test_a_mistyped_path_is_reported_with_a_similar_file(tmp_path: Path) -> None:
    (tmp_path / "day.jsonl").touch()
    (tmp_path / "day.js\x1bnl").touch()
    path = tmp_path / "day.jsnl"
    with pytest.raises(SourceError) as raised:
        kind_of(str(path))
    assert str(raised.value).startswith(
        f'{path} is not a source: there is no such file. Did you mean "day.jsonl"? Expected fin'
    )
    # Nor is there anything below a file.
    with pytest.raises(SourceError, match="there is no such file"):
        kind_of(str(tmp_path / "day.jsonl" / "day.txt"))


def test_a_path_that_cannot_be_looked_up_is_reported_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", refuse)
    monkeypatch.setattr(Path, "is_dir", lambda _: True)
    path = str(tmp_path / "day.txt")
    with pytest.raises(SourceError) as raised:
        kind_of(path)
    assert str(raised.value).startswith(f"{path} cannot be read: Permission denied. Expected fin")
    # Opening it gives the reason.
    assert kind_of("day.jsonl") is RECORDING


@for_each(
    ("text", "words"),
    [
        ("enva", '"enva" is not a source. Did you mean "enova"?'),
        ("dmo", 'Did you mean "demo"?'),
        ("something", "Expected finland, demo, v1, enova"),
        ("a\x1b[31m", "control character"),
        ("x" * 2049, "2,049 characters"),
        ("x" * 2000, "This is not a source"),
        ("~no-such-user/x", '"~no-such-user/x" is not a source: there is no such file.'),
        ("example.org", '"example.org" is not a source: there is no such file. Expected'),
        ("day.jsonl.zip", '"day.jsonl.zip" is not a source: there is no such file. Expected'),
        ("a" * 20 + "." + "b" * 20 + "." + "c" * 20, "This is not a source. Expected"),
        (f"/{'x' * 300}.txt", "cannot be read: File name too long. Expected"),
        (f"no-such-folder/{'x' * 30}", "This is not a source: there is no such file."),
        ("3b1f6a0c-aaaa-4c1e-9f7e-000000000000", "This is not a source"),
    ],
)
def test_an_unknown_name_is_reported_with_a_suggestion(text: str, words: str) -> None:
    with pytest.raises(SourceError) as raised:
        kind_of(text)
    assert words in str(raised.value)
    # A text that may be a key is not quoted.
    assert len(text) <= 24 or text.startswith("/") or text not in str(raised.value)


@given(st.text())
def test_any_text_names_a_source_or_is_rejected(text: str) -> None:
    for each in (text, f"{text}.jsonl", f"wss://example.org/{text}"):
        try:
            kind_of(each.strip())
            without_key(each)
        except SourceError as error:
            assert str(error).isprintable()


def test_without_key_replaces_the_key() -> None:
    assert without_key(" wss://h/x?key=abc ") == "wss://h/x?key={private_apikey}"
    for text in ("", "demo", "v1", "enova", "day.jsonl", PLACE, "wss://h/x?a=%20"):
        assert without_key(text) == text
