"""The log file: who may read it, how large it grows, and that no key gets into it."""

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

from nobil_tui.base.redaction import MIN_SECRET_LENGTH
from nobil_tui.cli import log_file

KEY = "s3cr3t+k3y/"


def written(path: Path) -> str:
    for handler in logging.getLogger().handlers:
        handler.flush()
    return path.read_text()


def formatted(message: str, *args: object, secrets: tuple[str, ...] = (KEY,)) -> str:
    record = logging.LogRecord("x", logging.INFO, "x", 1, message, args, None)
    return log_file.RedactingFormatter(secrets).format(record)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "nobil-tui.log"


@pytest.mark.skipif(os.name != "posix", reason="no such modes there")
def test_nobody_else_may_read_it_nor_what_it_was_before(path: Path) -> None:
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


def test_it_is_added_to(path: Path) -> None:
    for word in ("one", "two"):
        log_file.start_logging(path, "INFO", [])
        logging.getLogger("x").info(word)
    assert [line.rpartition(" ")[2] for line in written(path).splitlines()] == ["one", "two"]


def test_the_level_counts_also_for_loggers_that_have_their_own(path: Path) -> None:
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
def test_a_known_key_is_taken_out_wherever_it_stands(message: str) -> None:
    assert KEY not in formatted(message)
    assert quote(KEY, safe="") not in formatted(message)
    assert KEY not in formatted("%s and %r", message, message)


@pytest.mark.parametrize(
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
        # Of no name that says so, but in an address, and long enough to be one.
        "GET https://h/x?code=unknown HTTP/1.1",
    ],
)
def test_what_looks_like_a_key_is_taken_out(message: str) -> None:
    text = formatted(message)
    assert "unknown" not in text
    assert "•••" in text


@pytest.mark.parametrize("message", ["key refused: HTTP 401", "connected to h, 12 keys", "lost: the connection broke"])
def test_what_is_none_stays(message: str) -> None:
    assert formatted(message).endswith(message)


def test_exceptions_with_their_causes_hold_no_key(path: Path) -> None:
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


def test_a_key_that_is_learnt_later_is_taken_out_from_then_on(path: Path) -> None:
    add_secret = log_file.start_logging(path, "INFO", ["known-at-the-start"])
    for each in (KEY, "k3y-two", KEY, "", "a"):
        add_secret(each)
    logging.getLogger("x").info("typed %s, %s and %s: a", KEY, quote(KEY, safe=""), "k3y-two")
    logging.getLogger("x").info("known-at-the-start")
    lines = [line.rpartition(" x: ")[2] for line in written(path).splitlines()]
    assert lines == ["typed •••, ••• and •••: a", "•••"]


def test_of_what_is_learnt_the_latest_count() -> None:
    """Some links have a secret each, for months; what has expired is given up, what was known at the start is not."""
    redacting = log_file.RedactingFormatter([KEY])
    for number in range(log_file.MAX_LEARNED_SECRETS + 1):
        redacting.learn(f"token-{number:06}")
    record = logging.LogRecord("x", logging.INFO, "x", 1, "token-000000 token-000001 token-000100 %s", (KEY,), None)
    assert redacting.format(record).endswith(" token-000000 ••• ••• •••")


keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=MIN_SECRET_LENGTH)


@given(keys, st.text(), st.text())
def test_no_key_gets_through_whatever_stands_around_it(key: str, before: str, after: str) -> None:
    text = formatted("%s", f"{before}{key}{after}", secrets=(key,))
    assert key not in text.partition(" x: ")[2]


def test_what_a_terminal_would_obey_is_not_written() -> None:
    text = formatted("%s", "\x1b]0;title\x07 \x9b31m \r")
    assert text.isprintable()


def test_a_key_that_is_too_short_takes_nothing_out() -> None:
    assert formatted("a b c", secrets=("a", "")).endswith("a b c")


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_start(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "x.log", tmp_path, tmp_path / "nul\0"):
        log_file.start_logging(path, "DEBUG", [])
        logging.getLogger("x").error("nobody hears this")
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device there")
def test_a_full_disk_is_not_written_across_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    log_file.start_logging(Path("/dev/full"), "DEBUG", [])
    logging.getLogger("x").error("nobody hears this")
    for handler in [*logging.getLogger().handlers]:
        if isinstance(handler.formatter, log_file.RedactingFormatter):
            logging.getLogger().removeHandler(handler)
            # What waits to be written cannot be, here either.
            with pytest.raises(OSError, match=r"."):
                handler.close()
    assert capfd.readouterr() == ("", "")


def test_threads_and_warnings_go_to_the_file(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
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
    text = written(path)
    assert "uncaught exception in thread breaks" in text
    assert "mind •••" in text
    assert KEY not in text
    assert capfd.readouterr() == ("", "")
