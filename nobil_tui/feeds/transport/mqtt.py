"""An MQTT session on a WebSocket: connect, subscribe, receive, and keep it alive."""

from __future__ import annotations

import asyncio
import secrets

from nobil_tui.base.clock import Clock
from nobil_tui.feeds.transport.connection import ClosedError, Connection
from nobil_tui.wire import mqtt

KEEP_ALIVE = 60
"""Seconds without a packet from us after which the broker may close the connection."""
MQTT_PING_INTERVAL = 30.0
"""Seconds between two pings of our own, well within ``KEEP_ALIVE``."""
START_TIMEOUT = 15.0
"""Seconds that a broker may take to accept the connection and the subscription."""
MAX_PACKET = 1024 * 1024
"""The maximum size of a packet in bytes; a real message has about one hundred."""
SUBSCRIPTION_ID = 1


class MqttSession:
    """Subscribe to ``topic_filter`` at QoS 0. One session serves one connection after another."""

    subprotocol = "mqtt"

    def __init__(self, topic_filter: str, clock: Clock | None = None) -> None:
        self._topic_filter = topic_filter
        self._clock = clock or Clock()
        self._connection: Connection | None = None
        self._decoder = mqtt.Decoder(MAX_PACKET)
        self._early: list[mqtt.Publish] = []
        self._unanswered = False
        """Whether the broker has not answered the last ping."""

    async def start(self, connection: Connection) -> None:
        """Connect and subscribe. Raises ``ClosedError`` with the broker's reason if it refuses."""
        self._connection = connection
        self._decoder = mqtt.Decoder(MAX_PACKET)
        self._early = []
        self._unanswered = False
        client_id = f"nobil-tui-{secrets.token_hex(6)}"
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await connection.send(mqtt.encode_connect(client_id, KEEP_ALIVE))
                await self._accepted(connection, mqtt.ConnAck)
                await connection.send(mqtt.encode_subscribe(SUBSCRIPTION_ID, self._topic_filter))
                await self._accepted(connection, mqtt.SubAck)
            connection.farewell = mqtt.DISCONNECT
        except TimeoutError:
            raise ClosedError("the broker does not answer") from None
        except mqtt.ProtocolError as error:
            raise ClosedError(str(error)) from None

    async def messages(self, data: bytes) -> list[mqtt.Publish]:
        """Return the messages that a frame completes, and acknowledge those that ask for it.

        Anything that is not MQTT closes the connection; the messages before it are returned.
        """
        messages, self._early = self._early, []
        connection = self._connection
        assert connection is not None  # noqa: S101  # frames come from it
        try:
            for packet in self._decoder.feed(data):
                if isinstance(packet, mqtt.Publish):
                    messages.append(packet)
                elif isinstance(packet, mqtt.PingResp):
                    self._unanswered = False
        except mqtt.ProtocolError as error:
            connection.fail(str(error))
            return messages
        for message in messages:
            if message.qos:
                try:
                    await connection.send(mqtt.encode_puback(message.packet_id))
                except ClosedError:
                    # The link reports it when it receives.
                    break
        return messages

    async def keep_alive(self) -> None:
        """Ping the broker until cancelled or disconnected; close the connection if it does not
        answer.

        An answer that waits behind unread frames is not missing.
        """
        while (connection := self._connection) is not None:
            await self._clock.sleep(MQTT_PING_INTERVAL)
            if self._unanswered and not connection.behind:
                # For example after a packet with a wrong length, which seems to contain everything
                # that follows.
                connection.fail("the broker does not answer")
                return
            self._unanswered = True
            try:
                await connection.send(mqtt.PINGREQ)
            except ClosedError:
                return

    async def _accepted(
        self, connection: Connection, kind: type[mqtt.ConnAck | mqtt.SubAck]
    ) -> None:
        """Receive until the answer of ``kind`` comes. Raises ``ClosedError`` if it is a refusal.

        A broker may send what it retained before it acknowledges the subscription.
        """
        while True:
            frame = await connection.receive()
            answer = None
            for packet in self._decoder.feed(frame.data):
                if isinstance(packet, mqtt.Publish):
                    self._early.append(packet)
                elif isinstance(packet, kind):
                    answer = packet
            if answer is None:
                continue
            if answer.refusal:
                raise ClosedError(answer.refusal)
            return
