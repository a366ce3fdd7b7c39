"""Addresses: validation, display names, and that no error contains a key."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.redaction import KEY_PLACEHOLDER
from nobil_tui.feeds.source import SourceError
from nobil_tui.sources.address import Address, parse_address
from tests.for_each import for_each

KEY = "s3cr3t-k3y"


@for_each(
    ("text", "shown", "place"),
    [
        ("ws://Example.ORG/api/v1", "example.org", "example.org/api/v1"),
        ("wss://example.org:443/api?key={private_apikey}", "example.org", "example.org/api"),
        ("WSS://example.org:8443", "example.org:8443", "example.org:8443"),
        ("ws://example.org:443/x", "example.org:443", "example.org/x"),
        ("ws://127.0.0.1:8080/x?apikey=abc", "127.0.0.1:8080", "127.0.0.1:8080/x"),
        ("ws://[::1]:8080/", "[::1]:8080", "::1:8080/"),
        ("wss://[2001:db8::1]/x", "[2001:db8::1]", "2001:db8::1/x"),
        ("wss://bærum.example/x", "bærum.example", "bærum.example/x"),
    ],
)
def test_display_name_and_endpoint(text: str, shown: str, place: str) -> None:
    address = parse_address(text)
    assert (address.display_name, address.endpoint) == (shown, place)


@for_each(
    ("text", "words"),
    [
        ("http://example.org/x", "Write ws:// instead of http://"),
        ("https://example.org/x", "wss:// instead of https://"),
        ("ftp://example.org/x", "must begin with ws:// or wss://"),
        ("://x", "must begin with ws:// or wss://"),
        ("ws://example.org/a b", "contains a space"),
        ("ws://example.org/#part", "contains a #"),
        ("ws://user:pass@example.org/", "a user name or password"),
        ("ws://user@example.org/", "a user name or password"),
        ("ws://@example.org/", "a user name or password"),
        ("ws://127.0.0.1\\@example.org/", "a user name or password"),
        ("ws://127.0.0.1\\.example.org/", "has no host"),
        ("ws:///path", "has no host"),
        ("ws://", "has no host"),
        ("ws://{private_apikey}/path", "has no host"),
        ("ws://example%2eorg/", "has no host"),
        ("ws://[::1/", "cannot be read"),
        ("ws://[nonsense]/", "cannot be read|has no host"),
        ("ws://example.org:0/", "cannot be read"),
        ("ws://example.org:port/", "cannot be read"),
        ("ws://example.org:99999/", "cannot be read"),
        ("ws://example.org/?key={your_key}", "braces"),
        ("ws://example.org/?key={private_apikey", "braces"),
    ],
)
def test_a_rejected_address_is_not_quoted(text: str, words: str) -> None:
    for address in (text, f"{text}?key={KEY}"):
        with pytest.raises(SourceError, match=words) as raised:
            parse_address(address)
        assert KEY not in str(raised.value)
        assert "pass@" not in str(raised.value)


@for_each(
    ("text", "wants", "holds"),
    [
        ("ws://h/x", False, False),
        ("ws://h/x?key={private_apikey}", True, False),
        ("ws://h/x?key=%7bprivate_apikey%7D", True, False),
        ("ws://h/{private_apikey}/x", True, False),
        ("ws://h/x?key=", False, False),
        ("ws://h/x?key", False, False),
        ("ws://h/x?country=NOR", False, False),
        ("ws://h/x?key=abc", False, True),
        ("ws://h/x?APIKEY=abc", False, True),
        ("ws://h/x?country=NOR&apikey=abc", False, True),
        ("ws://h/x?country=NOR;access_token=abc", False, True),
        ("ws://h/x?api%6bey=abc", False, True),
        ("ws://h/x?key={private_apikey}&token=abc", True, True),
    ],
)
def test_distinguishes_a_placeholder_from_a_key(text: str, wants: bool, holds: bool) -> None:
    address = parse_address(text)
    assert (address.takes_key, address.contains_key) == (wants, holds)
    assert "abc" not in address.without_key


def test_without_key_replaces_only_the_key() -> None:
    text = "wss://h:1/x?country=NOR&key=abc&depth=2;token=def"
    assert (
        parse_address(text).without_key
        == f"wss://h:1/x?country=NOR&key={KEY_PLACEHOLDER}&depth=2;token={KEY_PLACEHOLDER}"
    )


@for_each(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("[::1]", True),
        ("127.1", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("0.0.0.0", False),
    ],
)
def test_is_local(host: str, here: bool) -> None:
    assert parse_address(f"ws://{host}:1/x").is_local is here


keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)


@given(keys)
def test_with_key_encodes_the_key(key: str) -> None:
    parts = urlsplit(
        parse_address("wss://example.org:444/a/b?x=1&key={private_apikey}&y=2").with_key(key)
    )
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == (
        "wss",
        "example.org:444",
        "/a/b",
        "",
    )
    assert parse_qsl(parts.query) == [("x", "1"), ("key", key), ("y", "2")]


@given(
    keys.map(lambda key: quote(key, safe="")),
    st.sampled_from(["key", "apikey", "access_token", "Sig"]),
)
def test_repr_does_not_contain_a_key(key: str, name: str) -> None:
    address = parse_address(f"wss://example.org/path?{name}={key}")
    assert address.contains_key
    assert address.without_key == f"wss://example.org/path?{name}={KEY_PLACEHOLDER}"
    assert address.display_name == "example.org"
    assert address.endpoint == "example.org/path"
    assert repr(address) == str(address) == "<Address example.org>"


@given(st.text())
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    for each in (text, f"ws://{text}", f"wss://example.org{text}"):
        try:
            address = parse_address(each)
        except SourceError:
            continue
        assert isinstance(address, Address)
        assert address.host
        assert 0 < address.port < 65536
        assert address.display_name.isprintable()
