"""Tests of the table of codecs."""

from __future__ import annotations

import pytest

from nobil_tui.charging.events import Unreadable
from nobil_tui.wire.codecs import CODECS
from nobil_tui.wire.recording import UNMARKED_CODEC


def test_codecs_are_keyed_by_name() -> None:
    assert {name: codec.name for name, codec in CODECS.items()} == {name: name for name in CODECS}


def test_codec_of_headerless_recording_exists() -> None:
    assert UNMARKED_CODEC in CODECS


@pytest.mark.parametrize("name", CODECS)
def test_codec_never_raises(name: str) -> None:
    assert isinstance(CODECS[name].decoder()(b"{", 7), Unreadable)
