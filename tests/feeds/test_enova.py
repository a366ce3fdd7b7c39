"""The Enova feed: what a frame says, and which words were never heard of."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.events import ConnectorReport, Ignored, Unreadable
from nobil_tui.feeds.enova import read
from nobil_tui.feeds.transport.connection import Frame
from tests.feeds.enova_service import frame

# One frame


def test_a_frame_is_a_report_of_one_connector() -> None:
    event = read(Frame(frame("NOR_076198", "SE*VIR*E250276", "OUTOFORDER").encode(), 7))
    assert isinstance(event, ConnectorReport)
    assert (event.id, event.key, event.at) == ("NOR_076198", "SE*VIR*E250276", 7)
    assert (event.connector.condition, event.connector.word) == (Condition.FAULT, "OUTOFORDER")


def test_an_empty_frame_says_nothing() -> None:
    assert read(Frame(b"", 7)) == Ignored("", 7)


@pytest.mark.parametrize("data", [b" ", b"{", b"null", b"[]", b"{}", b"\xff", b'{"nobilId": 71098}', b"[" * 100_000])
def test_what_cannot_be_read_is_told_and_no_more(data: bytes) -> None:
    event = read(Frame(data, 7))
    assert isinstance(event, Unreadable)
    assert event.reason.isprintable()
    assert event.reason


@given(
    st.binary()
    | st.builds(frame, st.text(), st.text(), st.text()).map(str.encode)
    | st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)).map(
        lambda value: json.dumps(value).encode()
    )
)
@example(frame("NOR_71098", "a\x1b[2J", "AVAILABLE").encode())
@example(frame("NOR_71098", "a", "\u202e" * 1000).encode())
def test_whatever_comes_is_safe_to_show(data: bytes) -> None:
    event = read(Frame(data, 7))
    assert event.at == 7
    if isinstance(event, ConnectorReport):
        assert event.id.isprintable()
        assert event.key.isprintable()
        assert event.connector.word.isprintable()
        assert len(event.connector.word) <= 41
    elif isinstance(event, Unreadable):
        assert event.reason.isprintable()


def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, nobil_tui.feeds.enova as e; e.enova_link('k'); sys.exit('aiohttp' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # our own interpreter and our own words
