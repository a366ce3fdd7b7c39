"""The tables of services are found from the model of the config."""

from __future__ import annotations

from nobil_tui.config.model import ADDRESS_KEYS, Config
from nobil_tui.sources.catalogue import SOURCES


def test_every_table_with_an_api_key_is_listed() -> None:
    keyed = {name for name in Config.__struct_fields__ if hasattr(getattr(Config(), name), "api_key")}
    assert keyed == set(ADDRESS_KEYS)


def test_every_source_with_a_key_has_its_table() -> None:
    assert {kind.key.section for kind in SOURCES.values() if kind.key is not None} <= set(ADDRESS_KEYS)
