"""Every format of frames has a codec."""

from __future__ import annotations

import pytest

from nobil_tui.charging.events import Unreadable
from nobil_tui.wire.codecs import CODECS
from nobil_tui.wire.recording import UNMARKED_CODEC


def test_the_table_is_keyed_by_the_names() -> None:
    assert {name: codec.name for name, codec in CODECS.items()} == {name: name for name in CODECS}


def test_a_file_without_a_first_line_has_a_known_codec() -> None:
    assert UNMARKED_CODEC in CODECS


@pytest.mark.parametrize("name", CODECS)
def test_a_codec_never_raises(name: str) -> None:
    assert isinstance(CODECS[name].decoder()(b"{", 7), Unreadable)
