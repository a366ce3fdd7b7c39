"""What a text names, which key goes with it, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.config.model import Config, EnovaSection, Secret, StreamSection
from nobil_tui.feeds.source import Source, SourceError
from nobil_tui.sources.choosing import V1_ADDRESS, Chooser, Kind, cautions, kind_of, without_key
from nobil_tui.sources.demo import DemoSource
from nobil_tui.sources.enova import EnovaSource
from nobil_tui.sources.v1 import V1Source

PLACE = "wss://example.org/x?key={private_apikey}"


def config(source: str = "", key: str = "", enova_key: str = "", enova_address: str = "") -> Config:
    return Config(
        stream=StreamSection(source=source, api_key=Secret(key)),
        enova=EnovaSection(api_key=Secret(enova_key), address=enova_address),
    )


def choose(
    text: str, own: Config | None = None, environ: Mapping[str, str] | None = None, key: str | None = None
) -> Source:
    return Chooser(own or Config(), environ or {})(text, None if key is None else Secret(key))


async def url_of(source: Source) -> str:
    assert isinstance(source, V1Source)
    return await source._dial()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.DEMO),
        ("demo", Kind.DEMO),
        ("Demo", Kind.DEMO),
        ("v1", Kind.V1),
        ("ws://h/x", Kind.V1),
        ("wss://h/x", Kind.V1),
        ("enova", Kind.ENOVA),
        ("day.jsonl", Kind.RECORDING),
        ("a/b.jsonl.gz", Kind.RECORDING),
    ],
)
def test_what_a_text_names(text: str, kind: Kind) -> None:
    assert kind_of(text) is kind


def test_a_file_that_is_there_is_a_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "captured"
    with pytest.raises(SourceError, match="no source"):
        kind_of(str(file))
    file.touch()
    assert kind_of(str(file)) is Kind.RECORDING
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kind_of("~/captured") is Kind.RECORDING


def test_a_folder_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder"):
        kind_of(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("enva", '"enva" is no source. Did you mean "enova"?'),
        ("dmo", 'Did you mean "demo"?'),
        ("something", "Expected demo, v1, enova"),
        ("a\x1b[31m", "control character"),
        ("x" * 2049, "2,049 characters"),
        ("x" * 2000, "This is no source"),
        ("~nobody-of-that-name/x", "is no source"),
        ("3b1f6a0c-aaaa-4c1e-9f7e-000000000000", "This is no source"),
    ],
)
def test_what_names_nothing_is_told_with_what_it_is_like(text: str, words: str) -> None:
    with pytest.raises(SourceError) as raised:
        choose(text)
    assert words in str(raised.value)
    # What could be a key is not said.
    assert len(text) <= 24 or text not in str(raised.value)


@given(st.text())
def test_whatever_is_written_names_a_source_or_is_refused(text: str) -> None:
    for each in (text, f"{text}.jsonl", f"wss://example.org/{text}"):
        try:
            kind_of(each.strip())
            without_key(each)
        except SourceError as error:
            assert str(error).isprintable()


def test_the_demo_is_made_up_and_kept_nowhere() -> None:
    for text in ("", " ", "demo"):
        source = choose(text)
        assert isinstance(source, DemoSource)
        assert source.simulated
        assert (source.name, source.state) == ("demo", "")


async def test_v1_is_the_address_of_the_documentation() -> None:
    source = choose("v1", environ={"NOBIL_API_KEY": "abc"})
    assert await url_of(source) == "ws://realtime.chargelizer.com/api/v1/stream/realtime?key=abc"
    assert source.name == "realtime.chargelizer.com"
    assert not source.simulated


# Keys


async def test_what_is_typed_goes_before_the_environment_and_that_before_the_config() -> None:
    own = config(PLACE, key="of-config")
    environ = {"NOBIL_API_KEY": "of-environment"}
    assert await url_of(choose(PLACE, own, environ, "typed")) == "wss://example.org/x?key=typed"
    assert await url_of(choose(PLACE, own, environ)) == "wss://example.org/x?key=of-environment"
    assert await url_of(choose(PLACE, own, {"NOBIL_API_KEY": ""})) == "wss://example.org/x?key=of-config"
    assert await url_of(choose(PLACE, own)) == "wss://example.org/x?key=of-config"


@pytest.mark.parametrize(
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
def test_the_key_of_the_config_goes_to_no_other_host(own: str, text: str) -> None:
    with pytest.raises(SourceError, match="goes nowhere else") as raised:
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
async def test_the_key_of_the_config_goes_to_its_own_host(own: str, text: str) -> None:
    assert (await url_of(choose(text, config(own, key="k3y")))).endswith("=k3y")


def test_a_key_that_is_missing_is_told_with_where_to_put_it() -> None:
    with pytest.raises(SourceError, match=r"example\.org needs a key.*NOBIL_API_KEY.*\[stream\]"):
        choose(PLACE)
    with pytest.raises(SourceError, match=r"needs a key.*NOBIL_API_KEY.*\[enova\]"):
        choose("enova")


def test_a_typed_key_needs_a_place() -> None:
    with pytest.raises(SourceError, match=r"no place for the key: write \{private_apikey\}"):
        choose("wss://example.org/x", key="s3cr3t")


async def test_no_key_is_needed_where_there_is_no_place_for_one() -> None:
    assert await url_of(choose("ws://127.0.0.1:1/x", environ={"NOBIL_API_KEY": "abc"})) == "ws://127.0.0.1:1/x"


@pytest.mark.parametrize("key", ["two words", "tab\there", "blåbær", "x" * 1025, "esc\x1b"])
def test_what_can_be_no_key_is_refused_and_not_told(key: str) -> None:
    for text, environ, typed in ((PLACE, {}, key), ("enova", {"NOBIL_API_KEY": key}, None)):
        with pytest.raises(SourceError) as raised:
            choose(text, environ=environ, key=typed)
        assert key not in str(raised.value)


async def test_a_key_is_written_as_an_address_can_hold_it() -> None:
    assert await url_of(choose(PLACE, key="a+b/c=&%?#")) == "wss://example.org/x?key=a%2Bb%2Fc%3D%26%25%3F%23"


def test_the_keys_of_enova() -> None:
    def key(own: Config, environ: Mapping[str, str] | None = None, typed: str | None = None) -> str:
        source = choose("enova", own, environ, typed)
        assert isinstance(source, EnovaSource)
        return source._key

    assert key(config(enova_key="own")) == "own"
    assert key(config("enova", key="beside")) == "beside"
    assert key(config("enova", key="beside", enova_key="own")) == "own"
    assert key(config(enova_key="own"), {"NOBIL_API_KEY": "environment"}) == "environment"
    assert key(config(enova_key="own"), {"NOBIL_API_KEY": "environment"}, "typed") == "typed"
    with pytest.raises(SourceError, match="needs a key"):
        key(config(PLACE, key="of another"))


# What is shown, kept and warned of


def test_a_text_is_shown_without_its_key() -> None:
    assert without_key(" wss://h/x?key=abc ") == "wss://h/x?key={private_apikey}"
    for text in ("", "demo", "v1", "enova", "day.jsonl", PLACE, "wss://h/x?a=%20"):
        assert without_key(text) == text


def test_states_are_kept_by_host_and_path() -> None:
    def state(text: str) -> str:
        return choose(text, key="abc").state

    one = state(PLACE)
    assert one.startswith("v1-")
    assert one.isascii()
    assert one == state("ws://Example.org:80/x?key={private_apikey}&country=NOR")
    others = ["wss://example.org/y?k={private_apikey}", "wss://example.com/x?k={private_apikey}", "v1"]
    assert len({one, *map(state, others)}) == 4
    assert state(PLACE) == choose(PLACE, key="another").state


def test_the_states_of_enova_differ_by_address() -> None:
    names = [
        (each.name, each.state)
        for each in (
            choose("enova", config(enova_address=address), key="k")
            for address in ("", "https://test.example.org/token", "http://127.0.0.1:1/token")
        )
    ]
    assert names[0] == ("NOBIL Real-time", "enova")
    assert names[1][0] == "NOBIL Real-time at test.example.org"
    assert len({state for _, state in names}) == 3
    assert all(state.startswith("enova") for _, state in names)


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("v1", True),
        ("ws://example.org/x?key={private_apikey}", True),
        ("ws://example.org/x?key=abc", True),
        ("ws://example.org/x", False),
        (PLACE, False),
        ("ws://127.0.0.1:1/x?key={private_apikey}", False),
        ("ws://localhost:1/x?key=abc", False),
    ],
)
def test_a_key_that_goes_in_clear_is_warned_of(text: str, warned: bool) -> None:
    told = cautions(choose(text, environ={"NOBIL_API_KEY": "s3cr3t"}))
    assert [("unencrypted" in caution) for caution in told] == ([True] if warned else [])
    assert "s3cr3t" not in "".join(told)


@pytest.mark.parametrize(
    ("text", "warned"),
    [("wss://example.org/x", True), ("wss://example.org/x?key=abc", False), ("wss://other.example/x", False)],
)
def test_a_key_of_the_config_without_a_place_is_warned_of(text: str, warned: bool) -> None:
    told = cautions(choose(text, config("wss://example.org/x", key="s3cr3t")))
    assert [("not sent" in caution) for caution in told] == ([True] if warned else [])


def test_of_the_others_there_is_nothing_to_say() -> None:
    for text in ("demo", "day.jsonl", "enova"):
        assert cautions(choose(text, environ={"NOBIL_API_KEY": "k"})) == []
