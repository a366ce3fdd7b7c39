"""The tables of services are found from the model of the config."""

from __future__ import annotations

from nobil_tui.config.model import ADDRESS_KEYS, ADDRESSES, Config, FinlandSection
from nobil_tui.config.setting_table import SETTINGS, Check
from nobil_tui.sources.catalogue import SOURCES


def test_every_table_with_an_api_key_is_listed() -> None:
    keyed = {
        name for name in Config.__struct_fields__ if hasattr(getattr(Config(), name), "api_key")
    }
    assert keyed == set(ADDRESS_KEYS)


def test_every_source_with_a_key_has_its_table() -> None:
    assert {kind.key.section for kind in SOURCES.values() if kind.key is not None} <= set(
        ADDRESS_KEYS
    )


def test_every_address_is_listed() -> None:
    checked = {
        (setting.section, setting.key)
        for setting in SETTINGS
        if setting.check in (Check.ADDRESS, Check.STREAM_ADDRESS)
    }
    assert set(ADDRESSES) == checked | {("stream", "source")}


def test_keys_in_the_addresses_of_finland_are_secrets() -> None:
    section = FinlandSection("https://host/?apikey=abcdefgh1", "wss://host/?token=abcdefgh2")
    assert {secret.reveal() for secret in Config(finland=section).secrets} == {
        "abcdefgh1",
        "abcdefgh2",
    }
