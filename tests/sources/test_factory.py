"""Chosen sources: the source, its state key, and the warnings."""

from __future__ import annotations

import pytest

from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import Config
from nobil_tui.sources.demo import DemoSource
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.request import SourceOptions
from tests.for_each import for_each
from tests.sources.choices import PLACE, choose, chosen, config, url_of


def test_demo_is_simulated_and_keeps_no_state() -> None:
    for text in ("", " ", "demo"):
        source = choose(text)
        assert isinstance(source, DemoSource)
        assert source.simulated
        assert (source.name, source.state_key) == ("demo", "")


async def test_v1_has_the_documented_default_address() -> None:
    source = choose("v1", environ={"NOBIL_API_KEY": "abc"})
    assert await url_of(source) == "ws://realtime.chargelizer.com/api/v1/stream/realtime?key=abc"
    assert source.name == "realtime.chargelizer.com"
    assert not source.simulated


def test_state_key_depends_on_host_and_path() -> None:
    def state(text: str) -> str:
        return choose(text, key="abc").state_key

    one = state(PLACE)
    assert one.startswith("v1-")
    assert one.isascii()
    assert one == state("ws://Example.org:80/x?key={private_apikey}&country=NOR")
    others = [
        "wss://example.org/y?k={private_apikey}",
        "wss://example.com/x?k={private_apikey}",
        "v1",
    ]
    assert len({one, *map(state, others)}) == 4
    assert state(PLACE) == choose(PLACE, key="another").state_key


def test_state_key_of_enova_depends_on_the_address() -> None:
    names = [
        (each.name, each.state_key)
        for each in (
            choose("enova", config(enova_address=address), key="k")
            for address in ("", "https://test.example.org/token", "http://127.0.0.1:1/token")
        )
    ]
    assert names[0] == ("NOBIL Real-time", "enova")
    assert names[1][0] == "NOBIL Real-time at test.example.org"
    assert len({state for _, state in names}) == 3
    assert all(state.startswith("enova") for _, state in names)


@for_each(
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
def test_warns_of_a_key_sent_unencrypted(text: str, warned: bool) -> None:
    told = chosen(text, environ={"NOBIL_API_KEY": "s3cr3t"}).warnings
    assert [("unencrypted" in warning) for warning in told] == ([True] if warned else [])
    assert "s3cr3t" not in "".join(told)


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("wss://example.org/x", True),
        ("wss://example.org/x?key=abc", False),
        ("wss://other.example/x", False),
    ],
)
def test_warns_of_a_configured_key_without_a_placeholder(text: str, warned: bool) -> None:
    told = chosen(text, config("wss://example.org/x", key="s3cr3t")).warnings
    assert [("not sent" in warning) for warning in told] == ([True] if warned else [])


def test_other_sources_have_no_warnings() -> None:
    for text in ("demo", "day.jsonl", "enova"):
        assert chosen(text, environ={"NOBIL_API_KEY": "k"}).warnings == ()


def test_text_does_not_contain_the_key() -> None:
    assert (
        chosen(" wss://example.org/x?apikey=s3cr3t ").text
        == "wss://example.org/x?apikey={private_apikey}"
    )
    assert chosen("Demo").text == "Demo"


def test_every_used_key_is_added_to_the_secrets() -> None:
    hidden: list[str] = []
    choose = SourceFactory(
        {"NOBIL_API_KEY": "of-environment"}, SourceOptions(add_secret=hidden.append)
    )
    for text in ("demo", "day.jsonl", "ws://127.0.0.1:1/x"):
        choose(text, Config())
    assert hidden == []
    choose(PLACE, Config(), Secret("typed-1"))
    choose("enova", Config(), Secret("typed-2"))
    choose("enova", Config())
    assert hidden == ["typed-1", "typed-2", "of-environment"]
