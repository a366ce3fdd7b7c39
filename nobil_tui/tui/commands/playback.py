"""Commands for a recording while it plays."""

from __future__ import annotations

from nobil_tui.feeds.source import Player
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.tui.workspace import Workspace

JUMP = 600.0
"""Seconds of the recording that a jump skips."""


class PlaybackCommands:
    """Commands that act on the player of a recording; without one, they say so."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def pause(self) -> None:
        """Pause the recording, or resume it."""
        if (player := self._player()) is not None:
            player.pause()
            self._workspace.refresh_link_bar()

    def faster(self) -> None:
        """Play faster."""
        if (player := self._player()) is not None:
            self._show_speed(player.faster(), "as fast as possible")

    def slower(self) -> None:
        """Play slower."""
        if (player := self._player()) is not None:
            self._show_speed(player.slower(), "at its lowest speed")

    def forward(self) -> None:
        """Jump forward."""
        workspace = self._workspace
        if (player := self._player()) is None:
            return
        if workspace.session.link.phase is LinkPhase.ENDED:
            back = workspace.keys.named("backward")
            workspace.toasts.notify(f"The recording has ended. Press {back} to jump back.")
        else:
            player.jump(JUMP)

    def backward(self) -> None:
        """Jump back."""
        if (player := self._player()) is not None:
            player.jump(-JUMP)

    def _player(self) -> Player | None:
        player = self._workspace.session.player
        if player is None:
            self._workspace.toasts.notify("No recording is playing.")
        return player

    def _show_speed(self, changed: bool, limit: str) -> None:
        self._workspace.refresh_link_bar()
        if not changed:
            self._workspace.toasts.notify(f"The recording plays {limit} already.")
