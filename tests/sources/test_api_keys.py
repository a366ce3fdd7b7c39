"""Which key is used for a source, the error if one is missing, and what is saved."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import Config
from nobil_tui.config.operations import apply_to_document
from nobil_tui.config.reading import config_from_document
from nobil_tui.feeds.source import SourceError
from nobil_tui.sources.catalogue import V1_ADDRESS
from nobil_tui.sources.enova import EnovaSource
from tests.for_each import for_each
from tests.sources.choices import PLACE, choose, chosen, config, url_of


async def test_a_typed_key_precedes_the_environment_and_that_the_config() -> None:
    own = config(PLACE, key="of-config")
    environ = {"NOBIL_API_KEY": "of-environment"}
    assert await url_of(choose(PLACE, own, environ, "typed")) == "wss://example.org/x?key=typed"
    assert await url_of(choose(PLACE, own, environ)) == "wss://example.org/x?key=of-environment"
    assert (
        await url_of(choose(PLACE, own, {"NOBIL_API_KEY": ""}))
        == "wss://example.org/x?key=of-config"
    )
    assert await url_of(choose(PLACE, own)) == "wss://example.org/x?key=of-config"


@for_each(
    ("own", "text"),
    [
        (PLACE, "wss://other.example.org/x?key={private_apikey}"),
        (PLACE, "wss://example.org.evil.example/x?key={private_apikey}"),
        (PLACE, "v1"),
        ("v1", PLACE),
        ("", PLACE),
        ("demo", PLACE),
        ("enova", PLACE),
        ("no source at all", PLACE),
        ("day.jsonl", PLACE),
    ],
)
def test_the_configured_key_is_not_sent_to_another_host(own: str, text: str) -> None:
    with pytest.raises(SourceError, match="is sent nowhere else") as raised:
        choose(text, config(own, key="s3cr3t"))
    assert "NOBIL_API_KEY" in str(raised.value)
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize(
    ("own", "text"),
    [
        (PLACE, "WSS://EXAMPLE.ORG/another?apikey={private_apikey}"),
        ("v1", V1_ADDRESS),
        ("v1", "ws://realtime.chargelizer.com/api/v1/stream?apikey={private_apikey}"),
        (V1_ADDRESS, "v1"),
    ],
)
async def test_the_configured_key_is_sent_to_its_host(own: str, text: str) -> None:
    assert (await url_of(choose(text, config(own, key="k3y")))).endswith("=k3y")


def test_a_missing_key_is_reported_with_where_to_set_it() -> None:
    with pytest.raises(
        SourceError, match=r"example\.org needs an API key.*NOBIL_API_KEY.*\[stream\]"
    ):
        choose(PLACE)
    with pytest.raises(SourceError, match=r"needs an API key.*NOBIL_API_KEY.*\[enova\]"):
        choose("enova")


def test_a_typed_key_needs_a_placeholder() -> None:
    with pytest.raises(SourceError, match=r"no place for the key: write \{private_apikey\}"):
        choose("wss://example.org/x", key="s3cr3t")


async def test_no_key_is_needed_without_a_placeholder() -> None:
    assert (
        await url_of(choose("ws://127.0.0.1:1/x", environ={"NOBIL_API_KEY": "abc"}))
        == "ws://127.0.0.1:1/x"
    )


@for_each("key", ["two words", "tab\there", "blåbær", "x" * 1025, "esc\x1b"])
def test_an_impossible_key_is_rejected_and_not_quoted(key: str) -> None:
    for text, environ, typed in ((PLACE, {}, key), ("enova", {"NOBIL_API_KEY": key}, None)):
        with pytest.raises(SourceError) as raised:
            choose(text, environ=environ, key=typed)
        assert key not in str(raised.value)


async def test_a_key_is_url_encoded() -> None:
    assert (
        await url_of(choose(PLACE, key="a+b/c=&%?#"))
        == "wss://example.org/x?key=a%2Bb%2Fc%3D%26%25%3F%23"
    )


def test_keys_of_enova() -> None:
    def key(own: Config, environ: Mapping[str, str] | None = None, typed: str | None = None) -> str:
        source = choose("enova", own, environ, typed)
        assert isinstance(source, EnovaSource)
        return source._request.key

    assert key(config(enova_key="own")) == "own"
    assert key(config("enova", key="beside")) == "beside"
    assert key(config("enova", key="beside", enova_key="own")) == "own"
    assert key(config(enova_key="own"), {"NOBIL_API_KEY": "environment"}) == "environment"
    assert key(config(enova_key="own"), {"NOBIL_API_KEY": "environment"}, "typed") == "typed"
    with pytest.raises(SourceError, match="needs an API key"):
        key(config(PLACE, key="of another"))


# Saving

A, B = (f"wss://{name}.example.org/x?key={{private_apikey}}" for name in "ab")
A_TOO = "ws://A.example.org:81/another?apikey={private_apikey}"


def remembered(text: str, own: Config, key: str = "") -> tuple[Config, str]:
    """Return the config after saving a source, and the note on it."""
    choice = chosen(text, own, {"NOBIL_API_KEY": "of-environment"}, key or None)
    document = apply_to_document(
        {
            "stream": {"source": own.stream.source, "api_key": revealed(own.stream.api_key)},
            "enova": {"api_key": revealed(own.enova.api_key)},
        },
        choice.remember,
    )
    return config_from_document(document), choice.removed_key


def revealed(secret: Secret | None) -> str:
    return secret.reveal() if secret is not None else ""


@for_each(
    ("stands", "text", "typed", "stream", "enova", "said"),
    [
        # The same source: its key is kept or replaced.
        (A, A, "", "old", "", ""),
        (A, A_TOO, "", "old", "", ""),
        (A, A, "new", "new", "", ""),
        ("v1", V1_ADDRESS, "", "old", "", ""),
        ("enova", "Enova", "", "old", "", ""),
        ("demo", "", "", "old", "", ""),
        # Another source: the key is removed, whether or not the new one has a key.
        (A, B, "", "", "", "a.example.org"),
        (A, B, "new", "new", "", "a.example.org"),
        (A, B, "old", "old", "", ""),
        (A, "v1", "", "", "", "a.example.org"),
        ("v1", A, "", "", "", "realtime.chargelizer.com"),
        (A, "ws://127.0.0.1:1/x", "", "", "", "a.example.org"),
        (A, "enova", "", "", "", "a.example.org"),
        (A, "enova", "new", "", "new", "a.example.org"),
        (A, "demo", "", "", "", "a.example.org"),
        (A, "day.jsonl", "", "", "", "a.example.org"),
        ("", B, "", "", "", "did not belong to this source"),
        ("no source at all", B, "new", "new", "", "did not belong to this source"),
        # The key of NOBIL Real-time is a separate setting.
        ("enova", A, "", "", "old", ""),
        ("enova", A, "new", "new", "old", ""),
        ("enova", "demo", "", "", "old", ""),
        ("enova", "enova", "new", "old", "new", ""),
    ],
)
def test_a_key_is_saved_with_its_source_and_removed_with_it(
    stands: str, text: str, typed: str, stream: str, enova: str, said: str
) -> None:
    after, loses = remembered(text, config(stands, key="old"), typed)
    assert after.stream.source == text
    assert (revealed(after.stream.api_key), revealed(after.enova.api_key)) == (stream, enova)
    assert said in loses
    assert bool(loses) is bool(said)
    assert "old" not in loses


def test_the_key_under_enova_is_never_removed() -> None:
    for stands in (A, "enova", ""):
        for text in (A, B, "enova", "demo"):
            after, _ = remembered(text, config(stands, key="old", enova_key="own"))
            assert revealed(after.enova.api_key) == "own"


def test_a_typed_key_is_saved_only_for_a_source_that_takes_one() -> None:
    for text in ("demo", "day.jsonl"):
        after, _ = remembered(text, config(), "typed")
        assert after.secrets == ()


@for_each(
    ("written", "source", "key"),
    [
        ("wss://h/x?a=1&key=s3cr3t%2F", "wss://h/x?a=1&key={private_apikey}", "s3cr3t/"),
        # A key that a server might decode differently is saved in the address as it is.
        ("wss://h/x?key=s3+cr3t", "wss://h/x?key=s3+cr3t", ""),
        ("wss://h/x?key=s3%20cr3t", "wss://h/x?key=s3%20cr3t", ""),
        ("wss://h/x?key=one&token=two", "wss://h/x?key=one&token=two", ""),
        ("wss://h/x?country=NOR", "wss://h/x?country=NOR", ""),
    ],
)
async def test_a_key_in_an_address_is_saved_as_api_key(written: str, source: str, key: str) -> None:
    after, _ = remembered(written, config())
    assert (after.stream.source, revealed(after.stream.api_key)) == (source, key)
    if key:
        assert await url_of(choose(source, after)) == written


WRITTEN = "wss://b.example.org/y?key=key-of-b"
TEXTS = ["", "demo", "day.jsonl", "v1", "enova", A, A_TOO, B, WRITTEN, "ws://127.0.0.1:1/x"]
OWNERS = {"v1": "v1", "enova": "enova", A: "a", A_TOO: "a", B: "b"}


@given(
    st.sampled_from([*TEXTS, "no source at all"]),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(TEXTS), st.booleans()), max_size=6),
)
async def test_after_any_save_a_key_is_only_sent_to_its_source(
    first: str, with_enova: bool, saved: list[tuple[str, bool]]
) -> None:
    owners = {**OWNERS, WRITTEN: "b"}
    own = config(
        first, f"key-of-{owners.get(first, 'other')}", "key-of-enova" if with_enova else ""
    )
    for text, typed in saved:
        key = f"key-of-{OWNERS[text]}" if typed and text in OWNERS else ""
        had = own.enova.api_key
        own, _ = remembered(text, own, key)
        assert had is None or own.enova.api_key == had
        for asked, owner in OWNERS.items():
            try:
                source = choose(asked, own)
            except SourceError:
                continue
            sent = (
                source._request.key
                if isinstance(source, EnovaSource)
                else (await url_of(source)).rpartition("=")[2]
            )
            assert sent == f"key-of-{owner}"
