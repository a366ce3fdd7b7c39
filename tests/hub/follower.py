"""A consumer without a connection: it applies what a hub delivers to a board of its own."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, Event, Lost, Snapshot
from nobil_tui.charging.register import Register
from nobil_tui.hub.consumer import Delivery
from nobil_tui.hub.frames import SharedFrame
from nobil_tui.monitor.board_updater import BoardUpdater
from nobil_tui.wire import v1
from tests.conftest import FakeClock


def messages_in(frames: bytes) -> list[bytes]:
    """Return the messages of whole text frames of a server."""
    messages, at = [], 0
    while at < len(frames):
        assert frames[at] == 0x81
        size, at = frames[at + 1], at + 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            size, at = int.from_bytes(frames[at : at + wide], "big"), at + wide
        messages.append(frames[at : at + size])
        at += size
    return messages


class Follower:
    """Apply deliveries at the moment of their arrival, as a monitor of a link to the hub does."""

    def __init__(self, register: Register | None = None) -> None:
        self.board = Board(register)
        self._updater = BoardUpdater(self.board, FakeClock())
        self.seen: list[Event] = []

    def connect(self, at: int) -> None:
        self.apply(Connected(at))

    def lose(self, at: int) -> None:
        self.apply(Lost("closed", at, at))

    def apply(self, event: Event) -> None:
        apply_event(self._updater, event)

    def receive(self, delivery: Delivery | SharedFrame, at: int, *, raws: bool = True) -> None:
        """Apply what a consumer receives; one that is behind gets no raw reports."""
        if isinstance(delivery, SharedFrame):
            frames = delivery.plain
        else:
            frames = delivery.all_frames if raws else delivery.updates
        for message in messages_in(frames):
            event = v1.decode(message, at)
            self.seen.append(event)
            self.apply(event)


def apply_event(updater: BoardUpdater, event: Event) -> None:
    """Apply an event to a board, without a monitor that runs."""
    if not isinstance(event, Snapshot):
        updater.apply(event)
        return
    steps = updater.apply_snapshot(event)
    # It may pause, but waits for nothing.
    with suppress(StopIteration):
        while True:
            steps.send(None)


def shown(board: Board, now: int, *, heard: bool = True) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that the app shows of a board at ``now``."""
    return {
        station.id: [
            (
                *(each.status, each.error, each.word or None, each.condition.label),
                board.since(station, index, now),
                board.unconfirmed_for(station, index, now),
                board.heard(station, index) if heard else None,
                station.evse_uids[index] if index < len(station.evse_uids) else str(index),
                station.track is not None and station.track.is_unnamed(index),
            )
            for index, each in enumerate(station.connectors)
        ]
        for station in board.stations.values()
    }
