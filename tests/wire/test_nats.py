"""The subjects and messages of a relay."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.events import HubState, StationReport, Unreadable
from nobil_tui.wire.nats import (
    HEARTBEAT_SUBJECT,
    LINK_SUBJECT,
    RelayState,
    decode_heartbeat,
    decode_link,
    decode_station,
    decode_token,
    encode_token,
    heartbeat_message,
    link_message,
    station_of,
    station_subject,
)
from tests.conftest import START

_SUBJECT = re.compile(r"nobil\.v1\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+")


@given(st.text(min_size=1, max_size=64), st.text(max_size=20))
def test_subject_is_legal_and_leads_back_to_its_station(station_id: str, other: str) -> None:
    subject = station_subject(station_id)
    assert _SUBJECT.fullmatch(subject)
    assert station_of(subject) == station_id
    assert decode_token(encode_token(other)) == other
    # Any other text that is a token is the token of one text only.
    if (text := decode_token(other)) is not None:
        assert encode_token(text) == other


def test_subjects() -> None:
    assert station_subject("NOR_01333") == "nobil.v1.NOR.NOR_01333"
    assert station_subject("a.b *>") == "nobil.v1.a=2Eb=20=2A=3E.a=2Eb=20=2A=3E"
    assert encode_token("") == "="
    for subject in (LINK_SUBJECT, HEARTBEAT_SUBJECT, "nobil.v1.SWE.NOR_1", "nobil.v1.NOR.NOR_1=2d"):
        assert station_of(subject) is None
    for token in ("", "=4", "=41", "=FF", "a.b", "å", "=="):
        assert decode_token(token) is None


def test_messages() -> None:
    state = RelayState(HubState(False, "no\x1bnews", 5, 7, source="Enova"), "e1", False)
    decoded = decode_link(link_message(state))
    assert decoded is not None and "\x1b" not in decoded.hub.reason
    assert (decoded.epoch, decoded.ready, decoded.hub.downtime) == ("e1", False, 7)
    assert decode_heartbeat(heartbeat_message("e1")) == "e1"
    for bad in (b"", b"{}", b"[1]", b'{"type":"hub:state","data":{"downtime":-1}}', b"\xff"):
        assert decode_link(bad) is None
        assert decode_heartbeat(bad) == ""
        assert isinstance(decode_station("NOR_1", bad, START), Unreadable)


def test_station_must_be_that_of_its_subject() -> None:
    data = b'{"type":"status:update","data":{"uuid":"NOR_1","connectors":[{"status":0}]}}'
    assert isinstance(decode_station("NOR_1", data, START), StationReport)
    assert isinstance(decode_station("NOR_2", data, START), Unreadable)
