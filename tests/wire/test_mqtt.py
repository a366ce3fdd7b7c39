"""Tests of the MQTT codec with bytes of two other implementations, and with invalid bytes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.wire.mqtt import (
    DISCONNECT,
    ConnAck,
    Decoder,
    Packet,
    PingResp,
    ProtocolError,
    Publish,
    SubAck,
    encode_connect,
    encode_puback,
    encode_subscribe,
)
from tests.for_each import for_each

TOPIC = "status-v1/FI/NYT/FINYT00001/FI*NYT*E12345"
PAYLOAD = b'{"status": "CHARGING", "time": "2025-12-02T09:38:06.000Z"}'

# The same packets, encoded by paho-mqtt 2.2.0.
PAHO_CONNECT = "101800044d5154540402003c000c6e6f62696c2d7475692d3166"
PAHO_SUBSCRIBE = "82100001000b7374617475732d76312f2300"
PAHO_PUBACK = "40020201"
PAHO_DISCONNECT = "e000"

# Packets encoded by amqtt 0.12.1.
MESSAGE = (
    "00297374617475732d76312f46492f4e59542f46494e595430303030312f46492a4e59542a453132333435{}7b22737461747573223a20"
    "224348415247494e47222c202274696d65223a2022323032352d31322d30325430393a33383a30362e3030305a227d"
)
BY_AMQTT: list[tuple[str, Packet]] = [
    ("20020000", ConnAck(0)),
    ("20020100", ConnAck(0, session_present=True)),
    ("20020005", ConnAck(5)),
    ("9003000100", SubAck(1, (0,))),
    ("9003020180", SubAck(513, (0x80,))),
    ("3065" + MESSAGE.format(""), Publish(TOPIC, PAYLOAD)),
    ("3b67" + MESSAGE.format("0007"), Publish(TOPIC, PAYLOAD, 1, 7, retained=True)),
    (
        "311900177374617475732d76312f46492fc385c384c3962f782f79",
        Publish("status-v1/FI/ÅÄÖ/x/y", b"", retained=True),
    ),
    ("d000", PingResp()),
]
ALL = b"".join(bytes.fromhex(sent) for sent, _ in BY_AMQTT)


def decode(*frames: bytes) -> list[Packet]:
    decoder = Decoder()
    return [packet for frame in frames for packet in decoder.feed(frame)]


def test_encoding_matches_paho() -> None:
    assert encode_connect("nobil-tui-1f", 60).hex() == PAHO_CONNECT
    assert encode_subscribe(1, "status-v1/#").hex() == PAHO_SUBSCRIBE
    assert encode_puback(513).hex() == PAHO_PUBACK
    assert DISCONNECT.hex() == PAHO_DISCONNECT


@for_each(("sent", "packet"), BY_AMQTT)
def test_packets_of_amqtt_decode(sent: str, packet: Packet) -> None:
    assert decode(bytes.fromhex(sent)) == [packet]


def test_several_packets_in_one_frame() -> None:
    assert decode(ALL) == [packet for _, packet in BY_AMQTT]


@given(st.lists(st.integers(0, len(ALL)), max_size=12))
def test_packets_across_frames(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(ALL)]
    frames = [ALL[start:end] for start, end in itertools.pairwise(edges)]
    assert decode(*frames) == [packet for _, packet in BY_AMQTT]


@for_each("length", [127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_lengths_of_one_to_four_bytes(length: int) -> None:
    payload = bytes(length - 3)
    digits, rest = bytearray(), length
    while rest >= 128:
        digits.append(rest % 128 | 128)
        rest //= 128
    digits.append(rest)
    assert decode(b"\x30" + digits + b"\x00\x01t" + payload) == [Publish("t", payload)]


def test_incomplete_packet_of_maximum_length() -> None:
    assert decode(b"\x30\xff\xff\xff\x7f\x00\x01t") == []


@for_each(
    ("sent", "reason"),
    [
        (b"\x30\xff\xff\xff\xff\x01", "length has more than four bytes"),
        (b"\x10\x00", "does not speak MQTT: it sent a packet of type 1$"),
        (b"\xf0\x00", "type 15"),
        (b"\x21\x02\x00\x00", "a CONNACK with flags that are reserved"),
        (b"\x20\x01\x00", "a CONNACK of 1 bytes"),
        (b"\x90\x02\x00\x01", "a SUBACK of 2 bytes"),
        (b"\xd0\x01\x00", "a PINGRESP of 1 bytes"),
        (b"\x34\x05\x00\x01t\x00\x01", "QoS 2"),
        (b"\x36\x05\x00\x01t\x00\x01", "QoS 3"),
        (b"\x30\x00", "cut short"),
        (b"\x30\x03\x00\x09t", "cut short"),
        (b"\x32\x03\x00\x01t", "cut short"),
        (b"\x30\x04\x00\x02\xff\xfe", "not UTF-8"),
    ],
)
def test_invalid_bytes_raise_protocol_error(sent: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        decode(sent)


def test_too_long_packet_raises_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="a packet of 1,001 bytes"):
        list(Decoder(max_length=1000).feed(b"\x30\xe9\x07"))


@given(st.lists(st.binary(max_size=64), max_size=8))
def test_any_bytes_raise_only_protocol_error(frames: list[bytes]) -> None:
    try:
        decode(*frames)
    except ProtocolError as error:
        assert str(error).isprintable()


@for_each(
    ("code", "reason"),
    [
        (0, ""),
        (1, "the broker does not support MQTT 3.1.1"),
        (2, "the broker refused the client identifier"),
        (3, "the MQTT service is unavailable"),
        (4, "the broker refused the user name or password"),
        (5, "the broker refused the connection: not authorized"),
        (77, "the broker refused the connection (code 77)"),
    ],
)
def test_reason_of_refused_connection(code: int, reason: str) -> None:
    assert ConnAck(code).refusal == reason


def test_reason_of_refused_subscription() -> None:
    assert SubAck(1, (0x80,)).refusal == "the broker refused the subscription"
    assert SubAck(1, (0,)).refusal == ""


def test_too_long_string_is_rejected() -> None:
    with pytest.raises(ValueError, match="65,536 bytes"):
        encode_subscribe(1, "x" * 65_536)


def test_a_wrong_beginning_is_an_error_before_the_rest() -> None:
    """The packets behind it would be taken for its rest."""
    for begun in (b"\xff", b"\x00", b"\x36", b"\xd1", b"d"):
        with pytest.raises(ProtocolError):
            decode(begun)
        with pytest.raises(ProtocolError):
            decode(bytes.fromhex("d000") + begun)
