"""Recognition of secrets in addresses and by names, and of hosts that are this machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.redaction import (
    is_loopback,
    is_secret_name,
    is_unencrypted,
    keys_in_address,
    redact_address,
    redact_addresses,
    replace_keys,
    secrets_in_address,
    secrets_in_query,
)
from tests.for_each import for_each


@for_each(
    "name",
    [
        "key",
        "apikey",
        "x-api-key",
        "accessToken",
        "client_secret",
        "password",
        "passwd",
        "pwd",
        "Authorization",
        "Sig",
    ],
)
def test_secret_names(name: str) -> None:
    assert is_secret_name(name)


@for_each("name", ["", "country", "countrycode", "hub", "v"])
def test_other_names_are_not_secret(name: str) -> None:
    assert not is_secret_name(name)


@for_each(
    ("address", "hidden"),
    [
        ("wss://h/p?key=a#f", "wss://h/p?key=•••#f"),
        ("wss://h/?access_token=a&x=b", "wss://h/?access_token=•••&x=b"),
        ("wss://h/?auth=a;pwd=b", "wss://h/?auth=•••;pwd=•••"),
        ("wss://h/?api%6bey=a", "wss://h/?api%6bey=•••"),
        ("wss://h/?key=a\"b'c d", "wss://h/?key=•••"),
        # Of no name that says so, but long enough to be one.
        ("https://h/?code=S3CRETVALUE", "https://h/?code=•••"),
        ("https://u:p@h/", "https://•••@h/"),
        ("wss://h/?key={private_apikey}", "wss://h/?key={private_apikey}"),
        ("wss://h/?key=%7Bprivate_apikey%7D", "wss://h/?key=%7Bprivate_apikey%7D"),
        ("wss://h/?countrycode=NOR", "wss://h/?countrycode=NOR"),
        ("wss://h/?key=&key", "wss://h/?key=&key"),
        ("demo", "demo"),
    ],
)
def test_address_is_redacted(address: str, hidden: str) -> None:
    assert redact_address(address) == hidden
    assert (
        redact_addresses(f'# was <{address}> or "demo?key=1"')
        == f'# was <{hidden}> or "demo?key=1"'
        or '"' in address
    )


def test_keys_and_possible_secrets_of_an_address() -> None:
    address = "wss://h/x?k=abc%2Bdef&country=NOR;key=a%2F&t="
    assert keys_in_address(address) == ["a%2F"]
    assert secrets_in_query(address) == ["abc+def", "a/"]
    assert replace_keys(address) == "wss://h/x?k=abc%2Bdef&country=NOR;key={private_apikey}&t="
    # Also of what cannot be read.
    assert secrets_in_query("ws://[?key=abc#x") == secrets_in_address("ws://[?key=abc#x") == ["abc"]


def test_possible_secrets_of_a_url() -> None:
    url = "wss://me:pass@h/api/v1/0123456789abc%2B/stream?access_token=t&hub=nobil"
    assert secrets_in_address(url) == ["t", "0123456789abc+", "me", "pass"]


@given(
    st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="&;#"), min_size=1
    )
)
def test_a_key_in_an_address_is_never_shown(key: str) -> None:
    assert (
        redact_address(f"wss://h/?apikey={key}&a=1") == "wss://h/?apikey=•••&a=1"
        or key == "{private_apikey}"
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@for_each(
    "host",
    [
        *("", "0.0.0.0", "10.0.0.1", "128.0.0.1", "::2", "127.1"),
        *("realtime.nobil.no", "127.0.0.1.nobil.no", "localhost.nobil.no", "127.evil.example"),
    ],
)
def test_another_machine(host: str) -> None:
    assert not is_loopback(host)


@for_each(
    ("address", "clear"),
    [
        ("http://example.org", True),
        ("http://127.evil.example/x", True),
        ("http://127.0.0.1.evil.example", True),
        ("http://localhost:1", False),
        ("http://[::1]/", False),
        ("http://127.1.2.3", False),
        ("https://a", False),
        ("", False),
    ],
)
def test_unencrypted_addresses(address: str, clear: bool) -> None:
    assert is_unencrypted(address) is clear
