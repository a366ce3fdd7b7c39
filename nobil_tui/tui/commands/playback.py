"""Commands for a recording while it plays. Without one they do nothing."""

from __future__ import annotations

from nobil_tui.tui.workspace import Workspace

JUMP = 600.0
"""Seconds of the recording that a jump skips."""


class PlaybackCommands:
    """Commands that act on the player of a recording."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def pause(self) -> None:
        """Pause the recording, or resume it."""
        if (player := self._workspace.session.player) is not None:
            player.pause()
            self._workspace.refresh_link_bar()

    def faster(self) -> None:
        """Play faster."""
        if (player := self._workspace.session.player) is not None:
            player.faster()
            self._workspace.refresh_link_bar()

    def slower(self) -> None:
        """Play slower."""
        if (player := self._workspace.session.player) is not None:
            player.slower()
            self._workspace.refresh_link_bar()

    def forward(self) -> None:
        """Jump forward."""
        if (player := self._workspace.session.player) is not None:
            player.jump(JUMP)

    def backward(self) -> None:
        """Jump back."""
        if (player := self._workspace.session.player) is not None:
            player.jump(-JUMP)
