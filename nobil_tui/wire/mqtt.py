"""MQTT 3.1.1 for a client that only receives: encode what it sends, decode what a broker sends.

Sans I/O: bytes in, packets out. Over a WebSocket the frames are no boundaries: a frame may hold
several packets, and a packet may span several frames. Source: the OASIS standard "MQTT Version
3.1.1"; the section numbers in the comments are its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from nobil_tui.base.decoding import NotReadableError

MAX_REMAINING_LENGTH = 268_435_455
"""The most bytes of a packet after its fixed header: four digits of seven bits (2.2.3)."""
MAX_STRING_BYTES = 65_535
"""The most bytes of a text: its length has two bytes (1.5.3)."""
SUBSCRIPTION_FAILED = 0x80
"""The return code of a subscription that the broker refused (3.9.3)."""

PINGREQ = b"\xc0\x00"
"""Ask the broker for a PINGRESP (3.12)."""
DISCONNECT = b"\xe0\x00"
"""Tell the broker that the connection closes as intended (3.14)."""

_CONNECT, _CONNACK, _PUBLISH, _PUBACK = 1, 2, 3, 4
_SUBSCRIBE, _SUBACK, _PINGRESP = 8, 9, 13
_CLEAN_SESSION = 0x02
_REFUSALS = {
    1: "the broker does not support MQTT 3.1.1",
    2: "the broker refused the client identifier",
    3: "the MQTT service is unavailable",
    4: "the broker refused the user name or password",
    5: "the broker refused the connection: not authorized",
}
_NAMES = {2: "CONNACK", 3: "PUBLISH", 9: "SUBACK", 13: "PINGRESP"}


class ProtocolError(NotReadableError):
    """Bytes that are not MQTT: nothing after them can be read, so the connection has to be closed.

    Its text is safe to show.
    """


class ConnAck(Struct, frozen=True):
    """The broker's answer to CONNECT."""

    code: int
    session_present: bool = False

    @property
    def refusal(self) -> str:
        """Why the broker refused the connection; empty if it accepted it."""
        if not self.code:
            return ""
        return _REFUSALS.get(self.code, f"the broker refused the connection (code {self.code})")


class SubAck(Struct, frozen=True):
    """The broker's answer to SUBSCRIBE: one return code for each topic filter, in order."""

    packet_id: int
    codes: tuple[int, ...]

    @property
    def refusal(self) -> str:
        """Why a subscription failed; empty if all were granted."""
        if SUBSCRIPTION_FAILED in self.codes:
            return "the broker refused the subscription"
        return ""


class Publish(Struct, frozen=True, gc=False):
    """A message. ``packet_id`` is 0 at QoS 0; at QoS 1 it has to be acknowledged with PUBACK."""

    topic: str
    payload: bytes
    qos: int = 0
    packet_id: int = 0
    retained: bool = False
    """Whether it is the last message of its topic, stored by the broker before we subscribed."""


class PingResp(Struct, frozen=True):
    """The broker's answer to PINGREQ."""


Packet = ConnAck | SubAck | Publish | PingResp


def encode_connect(client_id: str, keep_alive: int) -> bytes:
    """Encode a CONNECT with a clean session and no login; ``keep_alive`` is in seconds (3.1)."""
    flags = bytes([4, _CLEAN_SESSION])
    return _encode(_CONNECT << 4, _text("MQTT") + flags + _number(keep_alive) + _text(client_id))


def encode_subscribe(packet_id: int, topic_filter: str) -> bytes:
    """Encode a SUBSCRIBE for one topic filter (3.8), at QoS 0."""
    return _encode(_SUBSCRIBE << 4 | 2, _number(packet_id) + _text(topic_filter) + b"\0")


def encode_puback(packet_id: int) -> bytes:
    """Encode the acknowledgement of a message at QoS 1 (3.4)."""
    return _encode(_PUBACK << 4, _number(packet_id))


class Decoder:
    """Decode the packets of a broker, however they are spread over frames.

    A packet of more than ``max_length`` bytes after its fixed header is a ``ProtocolError``.
    """

    def __init__(self, max_length: int = MAX_REMAINING_LENGTH) -> None:
        self._max_length = max_length
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Add a frame; yield the packets that it completes. Raises ``ProtocolError``."""
        self._buffer += data
        start = 0
        try:
            while (found := self._split(start)) is not None:
                head, body_at, start = found
                yield _decode(head, bytes(memoryview(self._buffer)[body_at:start]))
        finally:
            del self._buffer[:start]

    def _split(self, start: int) -> tuple[int, int, int] | None:
        """Find the packet at ``start``: its first byte, and where its body begins and ends.

        Returns None if it is not complete.
        """
        buffer = self._buffer
        if start < len(buffer):
            # Raise at once: later data would be taken for the rest of this packet.
            _check_head(buffer[start])
        length = 0
        # The length comes in up to four digits to the base of 128, the least first (2.2.3).
        for place in range(4):
            at = start + 1 + place
            if at >= len(buffer):
                return None
            length |= (buffer[at] & 0x7F) << 7 * place
            if not buffer[at] & 0x80:
                break
        else:
            raise ProtocolError("the broker sent a packet whose length has more than four bytes")
        if length > self._max_length:
            raise ProtocolError(f"the broker sent a packet of {length:,} bytes")
        end = at + 1 + length
        return (buffer[start], at + 1, end) if end <= len(buffer) else None


def _check_head(head: int) -> None:
    """Raise ``ProtocolError`` if a packet does not begin with this byte."""
    kind, flags = head >> 4, head & 0x0F
    if kind not in _NAMES:
        raise ProtocolError(f"the server does not speak MQTT: it sent a packet of type {kind}")
    qos = flags >> 1 & 3
    if kind == _PUBLISH and qos > 1:
        # We never subscribe at QoS 2, and a broker sends at no higher QoS than was asked for.
        raise ProtocolError(f"the broker sent a message at QoS {qos}")
    if kind != _PUBLISH and flags:
        raise ProtocolError(f"the broker sent a {_NAMES[kind]} with flags that are reserved")


def _decode(head: int, body: bytes) -> Packet:
    kind = head >> 4
    if kind == _PUBLISH:
        return _decode_publish(head & 0x0F, body)
    match kind, len(body):
        case 2, 2:
            return ConnAck(body[1], bool(body[0] & 1))
        case 9, length if length > 2:
            return SubAck(int.from_bytes(body[:2]), tuple(body[2:]))
        case 13, 0:
            return PingResp()
        case _:
            raise ProtocolError(f"the broker sent a {_NAMES[kind]} of {len(body)} bytes")


def _decode_publish(flags: int, body: bytes) -> Publish:
    qos = flags >> 1 & 3
    topic_end = 2 + int.from_bytes(body[:2])
    payload_at = topic_end + (2 if qos else 0)
    if len(body) < max(2, payload_at):
        raise ProtocolError("the broker sent a message that is cut short")
    try:
        topic = body[2:topic_end].decode()
    except UnicodeDecodeError:
        raise ProtocolError("the broker sent a topic that is not UTF-8") from None
    packet_id = int.from_bytes(body[topic_end:payload_at])
    return Publish(topic, body[payload_at:], qos, packet_id, bool(flags & 1))


def _encode(head: int, body: bytes) -> bytes:
    length, digits = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes([head]) + digits + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > MAX_STRING_BYTES:
        raise ValueError(f"a text of {len(encoded):,} bytes does not fit into MQTT")
    return _number(len(encoded)) + encoded


def _number(number: int) -> bytes:
    return number.to_bytes(2)
