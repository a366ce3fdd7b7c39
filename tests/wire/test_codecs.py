"""Every format that a recording can name has a codec."""

from __future__ import annotations

from typing import get_args

import pytest

from nobil_tui.charging.events import Unreadable
from nobil_tui.wire.codecs import CODECS
from nobil_tui.wire.recording import FeedName


def test_every_recorded_format_has_a_codec() -> None:
    assert list(CODECS) == list(get_args(FeedName))


@pytest.mark.parametrize("name", get_args(FeedName))
def test_a_codec_never_raises(name: FeedName) -> None:
    assert isinstance(CODECS[name].decode(b"{", 7), Unreadable)
