"""Reasons for failed and closed connections, without the key in any of them."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close

from nobil_tui.base.redaction import MIN_SECRET_LENGTH, remove_secrets
from nobil_tui.feeds.transport.failures import (
    MAX_RETRY_AFTER,
    RefusedError,
    UnreachableError,
    close_reason,
    os_error_reason,
    parse_retry_after,
    response_error,
)
from tests.conftest import START
from tests.for_each import for_each

KEY = "s3cret-k3y"


# Errors of the operating system


def untrusted(code: int, message: str = "unable to get local issuer") -> Exception:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "x")
    error.reason = reason
    return error


@for_each(
    ("error", "reason"),
    [
        (ssl.SSLError(1, "x"), "no secure connection to h"),
        (tls_error("WRONG_VERSION_NUMBER"), "h:8443 does not use TLS; try ws://"),
        (tls_error("TLSV1_ALERT_PROTOCOL_VERSION"), "no secure connection to h"),
        (socket.gaierror(-2, "Name or service not known"), "h is not found (is there a network?)"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "nothing listens at h:8443"),
        (OSError(errno.EHOSTUNREACH, "x"), "h: No route to host"),
        (OSError(errno.ENETUNREACH, "x"), "h: Network is unreachable"),
        (OSError("Multiple exceptions: [Errno 111] x, [Errno 101] y"), "h cannot be reached"),
        # Both addresses of a name are refused, so that their texts differ.
        (OSError("Multiple exceptions: [Errno 111] x, [Errno 111] y"), "nothing listens at h:8443"),
        (EOFError(), "h closed the connection"),
        (asyncio.IncompleteReadError(b"", 5), "h closed the connection"),
    ],
)
def test_os_error_reasons(error: Exception, reason: str) -> None:
    assert os_error_reason(error, "h", 8443, plain="ws") == reason


def test_a_place_without_a_port_and_one_with_colons() -> None:
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "x")
    assert os_error_reason(refused, "h") == "nothing listens at h"
    assert os_error_reason(refused, "::1", 80) == "nothing listens at [::1]:80"


def test_certificates_name_the_way_out(tmp_path: Path) -> None:
    def reason(code: int, message: str = "\x1b", **environ: str) -> str:
        return os_error_reason(untrusted(code, message), "h", environ=environ)

    assert reason(10) == "the certificate of h has expired (or this machine's date is wrong)"
    assert "not valid yet" in reason(9)
    for code in (62, 64):
        assert reason(code) == "the certificate of h is for another host"
    assert reason(18).startswith("h has a self-signed certificate; to trust it, set SSL_CERT_FILE")
    for code in (2, 19, 20, 21, 99):
        said = reason(code)
        assert said.startswith("the certificate of h is not trusted (·)")
        assert "SSL_CERT_FILE" in said
    there = tmp_path / "ca.pem"
    said = reason(20, SSL_CERT_FILE=str(there))
    assert said == f"no certificate can be trusted: SSL_CERT_FILE={there} cannot be read"
    there.touch()
    assert "firewall" in reason(20, SSL_CERT_FILE=str(there))


# Answers


def test_only_a_refusal_without_a_time_to_wait_is_about_the_key() -> None:
    for status, retry_after in ((401, ""), (401, "60"), (403, "")):
        error = response_error(status, retry_after, START)
        assert isinstance(error, RefusedError)
        assert str(error) == f"HTTP {status}"
    for status, retry_after, seconds in ((403, "90", 90), (403, "soon", 0), (503, "", 0)):
        error = response_error(status, retry_after, START)
        assert isinstance(error, UnreachableError)
        assert error.retry_after == seconds


# Close reasons


@for_each(
    ("closed", "reason"),
    [
        (ConnectionClosedError(None, None), "the connection broke"),
        (
            ConnectionClosedOK(Close(1000, ""), Close(1000, ""), True),
            "the server closed the connection",
        ),
        (ConnectionClosedError(Close(1001, ""), None), "the server closed the connection"),
        (ConnectionClosedOK(Close(1001, "maintenance"), None), "the server closed: maintenance"),
        (ConnectionClosedError(Close(4000, "\x1b[2Jx\n"), None), "the server closed: ·[2Jx·"),
        (ConnectionClosedError(None, Close(1002, "bad opcode"), None), "the connection broke"),
    ],
)
def test_close_reasons(closed: ConnectionClosed, reason: str) -> None:
    assert close_reason(closed) == reason


TOKEN = "eyJhbGciOiJIUzI1NiJ9.PAYLOADPAYLOAD.SIGSIGSIG"


@for_each(
    ("said", "safe"),
    [
        (f"unknown key {KEY}", "unknown key …"),
        (f"unknown key {KEY.upper()}!", "unknown key …!"),
        # Truncated by the server, or by the maximum size of a close frame.
        (f"unknown {TOKEN[:20]}", "unknown …"),
        ("bad signature SIGSIGSIG", "bad signature …"),
        ("no a+b/c=d, nor a%2Bb%2Fc%3dd", "no …, nor …"),
        (KEY, "…"),
        ("maintenance", "maintenance"),
        ("", ""),
    ],
)
def test_close_reason_contains_no_secret(said: str, safe: str) -> None:
    secrets = (KEY, TOKEN, "a+b/c=d", "")
    assert remove_secrets(secrets, said) == safe
    closed = ConnectionClosedError(Close(1008, said), None)
    assert close_reason(closed, secrets) == (
        f"the server closed: {safe}" if said else "the server closed the connection"
    )


def test_a_short_secret_is_removed_completely() -> None:
    assert remove_secrets(("abc",), "ab abc ABC b") == "ab … … b"


PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)


@given(st.text(PRINTABLE, min_size=1, max_size=40), st.text(), st.text(), st.data())
def test_no_part_of_a_secret_is_left_in_any_context(
    secret: str, before: str, after: str, data: st.DataObject
) -> None:
    part = data.draw(
        st.integers(0, max(0, len(secret) - MIN_SECRET_LENGTH)).map(lambda at: secret[at:])
    )
    safe = remove_secrets((secret,), f"{before}{part}{after}")
    run = min(MIN_SECRET_LENGTH, len(secret))
    assert not [at for at in range(len(secret) - run + 1) if secret[at : at + run] in safe]


# Retry-After

NOW = datetime.fromtimestamp(START / 1000, UTC)


@for_each(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("120", 120.0),
        ("3601", MAX_RETRY_AFTER),
        ("99999999", MAX_RETRY_AFTER),
        ("9" * 400, 0.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("٣", 0.0),
        ("²", 0.0),
        ("", 0.0),
        (" ", 0.0),
        ("soon", 0.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:14:20 -0000", 60.0),
        ("Tue, 14 Nov 2023 23:14:20 +0100", 60.0),
        ("Tuesday, 14-Nov-23 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:13:19 GMT", 0.0),
        ("Tue, 14 Nov 2123 22:14:20 GMT", MAX_RETRY_AFTER),
        ("Fri, 31 Dec 9999 23:59:59 -2359", MAX_RETRY_AFTER),
        ("Tue, 14 Nov 2023 22:14:20 +9999999", 0.0),
        ("Tue, 40 Nov 2023 22:14:20 GMT", 0.0),
        ("Tue, 14 Nov 99999999999999999999 22:14:20 GMT", 0.0),
    ],
)
def test_parses_retry_after(text: str, seconds: float) -> None:
    assert datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC) == NOW
    assert parse_retry_after(text, START) == seconds


@given(st.integers(-(10**6), 10**6))
def test_parses_retry_after_as_a_date(seconds: int) -> None:
    text = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after(text, START) == min(MAX_RETRY_AFTER, max(0, seconds))


PARTS = st.sampled_from(
    [
        "Tue,",
        "14",
        "Nov",
        "2023",
        "22:14:20",
        "GMT",
        "-",
        "+0100",
        ":",
        ",",
        "0",
        "é",
        "(",
        "\\",
        '"',
    ]
)


@given(st.text() | st.lists(PARTS | st.text(max_size=3), max_size=8).map(" ".join))
def test_any_retry_after_is_bounded(text: str) -> None:
    assert 0 <= parse_retry_after(text, START) <= MAX_RETRY_AFTER
