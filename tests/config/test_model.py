"""Secrets are never shown, and every setting has a default."""

from __future__ import annotations

import copy
import pickle

import msgspec
import pytest

from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import (
    Config,
    Country,
    LogScope,
    RegisterSection,
    StreamSection,
    WatchedSection,
)
from nobil_tui.search.sorting import Sort
from tests.for_each import for_each


@for_each(
    "show", [str, repr, "{}".format, "{:>9}".format, lambda s: f"{[s]}", lambda s: f"{s!r:5}"]
)
def test_a_secret_is_never_shown(show: object) -> None:
    assert callable(show)
    shown = show(Secret("hunter2"))
    assert "hunter2" not in shown
    assert "•••" in shown


def test_a_secret_is_revealed_on_purpose() -> None:
    assert Secret("hunter2").reveal() == "hunter2"


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


@pytest.mark.parametrize("leak", [pickle.dumps, copy.deepcopy, msgspec.json.encode])
def test_secret_is_not_formatted_or_pickled(leak: object) -> None:
    assert callable(leak)
    for holder in (Secret("hunter2"), Config(stream=StreamSection(api_key=Secret("hunter2")))):
        with pytest.raises(TypeError) as caught:
            leak(holder)
        assert "hunter2" not in str(caught.value)


def test_a_config_does_not_show_its_keys() -> None:
    assert "hunter2" not in repr(Config(stream=StreamSection(api_key=Secret("hunter2"))))


def test_the_defaults() -> None:
    config = Config()
    assert config.watched.stations == []
    assert (config.stream.source, config.stream.api_key) == ("", None)
    assert config.register.countries == [Country.NOR, Country.SWE]
    assert config.home.position is None
    interface = config.interface
    assert (interface.theme, interface.sort, interface.ascii) == ("", Sort.STARRED, False)
    assert (interface.log_scope, interface.pin_starred, interface.keys) == (LogScope.ALL, True, {})
    assert config.secrets == ()


def test_configs_share_no_mutable_defaults() -> None:
    Config().watched.stations.append("NOR_1")
    Config().filters["a"] = "b"
    assert Config().watched.stations == []
    assert Config().filters == {}


def test_duplicates_are_removed() -> None:
    assert WatchedSection(["b", "a", "b"]).stations == ["b", "a"]
    assert RegisterSection(countries=[Country.SWE, Country.SWE]).countries == [Country.SWE]


def test_an_empty_key_is_none() -> None:
    assert StreamSection(api_key=Secret("")).api_key is None
    assert RegisterSection(api_key=Secret("")).api_key is None
