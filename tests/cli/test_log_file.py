"""The log file: its mode, its size, and the redaction of API keys."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.redaction import MAX_LEARNED_SECRETS, MIN_SECRET_LENGTH, Redactor
from nobil_tui.cli import log_file
from tests.for_each import for_each

KEY = "s3cr3t+k3y/"


def written(path: Path) -> str:
    for handler in logging.getLogger().handlers:
        handler.flush()
    return path.read_text()


def formatted(message: str, *args: object, secrets: tuple[str, ...] = (KEY,)) -> str:
    record = logging.LogRecord("x", logging.INFO, "x", 1, message, args, None)
    return log_file.RedactingFormatter(Redactor(secrets)).format(record)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "nobil-tui.log"


@pytest.mark.skipif(os.name != "posix", reason="no such modes there")
def test_log_and_rotated_log_are_private(path: Path) -> None:
    before = os.umask(0)
    try:
        log_file.start_logging(path, "INFO", [])
        for _ in range(30):
            logging.getLogger("x").info("y" * (log_file.MAX_LOG_BYTES // 20))
    finally:
        os.umask(before)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["nobil-tui.log", "nobil-tui.log.1"]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600, 0o600]
    assert path.parent.stat().st_mode & 0o777 == path.parent.parent.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_size <= log_file.MAX_LOG_BYTES for file in files)


def test_log_is_appended_to(path: Path) -> None:
    for word in ("one", "two"):
        log_file.start_logging(path, "INFO", [])
        logging.getLogger("x").info(word)
    assert [line.rpartition(" ")[2] for line in written(path).splitlines()] == ["one", "two"]


def test_level_applies_to_loggers_with_their_own_level(path: Path) -> None:
    log_file.start_logging(path, "WARNING", [])
    own = logging.getLogger("with.its.own")
    own.setLevel(logging.DEBUG)
    own.info("too little")
    own.warning("enough")
    assert "enough" in written(path)
    assert "too little" not in written(path)


@pytest.mark.parametrize(
    "message",
    [
        KEY,
        f"connecting to wss://h/x?key={KEY}",
        f"connecting to wss://h/x?key={quote(KEY, safe='')}&country=NOR",
        f"{{'x-api-key': '{KEY}'}}",
    ],
)
def test_known_key_is_redacted_everywhere(message: str) -> None:
    assert KEY not in formatted(message)
    assert quote(KEY, safe="") not in formatted(message)
    assert KEY not in formatted("%s and %r", message, message)


@for_each(
    "message",
    [
        "GET /x?key=unknown HTTP/1.1",
        "wss://h/client?hub=a&access_token=unknown",
        "wss://h/client?Access_Token=unknown; next",
        "x-api-key: unknown",
        "Authorization: Bearer unknown",
        '{"accessToken": "unknown"}',
        "ws://user:unknown@h/x",
        "password=unknown",
        "InvalidURI: wss://h/?sig=unknown#x",
        "wss://h/?auth=unknown&pwd=unknown",
        "signature: unknown",
        # The name is harmless, but the value is long enough to be a key.
        "GET https://h/x?code=unknown HTTP/1.1",
    ],
)
def test_possible_keys_are_redacted(message: str) -> None:
    text = formatted(message)
    assert "unknown" not in text
    assert "•••" in text


@pytest.mark.parametrize(
    "message", ["key refused: HTTP 401", "connected to h, 12 keys", "lost: the connection broke"]
)
def test_other_text_is_not_redacted(message: str) -> None:
    assert formatted(message).endswith(message)


def test_exceptions_and_causes_are_redacted(path: Path) -> None:
    log_file.start_logging(path, "INFO", [KEY])
    try:
        try:
            raise ValueError(f"wss://h/?token={KEY}")
        except ValueError as cause:
            raise OSError(f"{KEY} again") from cause
    except OSError:
        logging.getLogger("x").exception("broke with %s", KEY, stack_info=True)
    text = written(path)
    assert "ValueError" in text
    assert "OSError" in text
    assert KEY not in text


def test_key_learned_later_is_redacted(path: Path) -> None:
    redactor = log_file.start_logging(path, "INFO", ["known-at-the-start"])
    for each in (KEY, "k3y-two", KEY, "", "a"):
        redactor.learn(each)
    logging.getLogger("x").info("typed %s, %s and %s: a", KEY, quote(KEY, safe=""), "k3y-two")
    logging.getLogger("x").info("known-at-the-start")
    lines = [line.rpartition(" x: ")[2] for line in written(path).splitlines()]
    assert lines == ["typed •••, ••• and •••: a", "•••"]


def test_only_the_most_recently_learned_keys_are_kept() -> None:
    """Links of months learn many secrets: the oldest are dropped, but not those known at the
    start."""
    redactor = Redactor([KEY])
    redacting = log_file.RedactingFormatter(redactor)
    for number in range(MAX_LEARNED_SECRETS + 1):
        redactor.learn(f"token-{number:06}")
    record = logging.LogRecord(
        "x", logging.INFO, "x", 1, "token-000000 token-000001 token-000100 %s", (KEY,), None
    )
    assert redacting.format(record).endswith(" token-000000 ••• ••• •••")


keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=MIN_SECRET_LENGTH)


@given(keys, st.text(), st.text())
def test_key_is_redacted_in_any_context(key: str, before: str, after: str) -> None:
    text = formatted("%s", f"{before}{key}{after}", secrets=(key,))
    assert key not in text.partition(" x: ")[2]


def test_control_characters_are_replaced() -> None:
    text = formatted("%s", "\x1b]0;title\x07 \x9b31m \r")
    assert text.isprintable()


def test_very_short_keys_are_not_redacted() -> None:
    assert formatted("a b c", secrets=("a", "")).endswith("a b c")


def test_unwritable_folder_is_ignored(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "x.log", tmp_path, tmp_path / "nul\0"):
        log_file.start_logging(path, "DEBUG", [])
        logging.getLogger("x").error("not logged")
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device there")
def test_full_disk_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    log_file.start_logging(Path("/dev/full"), "DEBUG", [])
    logging.getLogger("x").error("not logged")
    for handler in [*logging.getLogger().handlers]:
        if isinstance(handler.formatter, log_file.RedactingFormatter):
            logging.getLogger().removeHandler(handler)
            # The buffered record cannot be written here either.
            with pytest.raises(OSError, match=r"."):
                handler.close()
    assert capfd.readouterr() == ("", "")


def test_thread_errors_and_warnings_are_logged(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log_file.start_logging(path, "WARNING", [KEY])

    def broken() -> None:
        raise ValueError(KEY)

    thread = threading.Thread(target=broken, name="breaks")
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(f"mind {KEY}", stacklevel=1)
        logging.captureWarnings(False)

    class Broken:
        def __del__(self) -> None:
            raise ValueError("at its end")

    Broken()
    text = written(path)
    assert "exception ignored in" in text
    assert "at its end" in text
    assert "uncaught exception in thread breaks" in text
    assert "mind •••" in text
    assert KEY not in text
    assert capfd.readouterr() == ("", "")
