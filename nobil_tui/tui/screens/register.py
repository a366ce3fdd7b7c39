"""Fetches the station register, and shows how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Label, ProgressBar, Static

from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import RegisterSection
from nobil_tui.register.update import NO_KEY, UpdateError, UpdatePhase, UpdateProgress
from nobil_tui.session.register_updater import RegisterUpdater
from nobil_tui.tui.screens.dialog import Dialog


class RegisterScreen(Dialog[str]):
    """Returns what was done, in words; None where nothing was. Closing it stops what runs."""

    def __init__(
        self,
        stored: RegisterUpdater,
        section: RegisterSection,
        environ: Mapping[str, str],
        renewed: Callable[[], None],
    ) -> None:
        """``renewed`` is called when something new is stored, also where the rest of it failed."""
        super().__init__()
        self._renewed = renewed
        self._stored = stored
        self._section = section
        self._key = section.key(environ)
        self._force = False

    def compose(self) -> ComposeResult:
        """What is done, a bar, and the buttons."""
        countries = ", ".join(self._section.countries)
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Station register"
            yield Label(f"Names, places and plugs of all stations of {countries}: NOBIL by Enova, CC BY 4.0.")
            yield ProgressBar(show_eta=False, id="bar")
            yield Static("", id="answer", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Fetch anyway", id="force", disabled=True)
                yield Button("Cancel", id="cancel")

    def on_mount(self) -> None:
        """Begin."""
        bar = self.query_one("#bar", ProgressBar)
        bar.update(total=None)
        if self._key is None:
            bar.display = False
            self.say(NO_KEY)
        else:
            self.fetch(self._key)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Fetch it whatever its age, or go away."""
        if event.button.id == "cancel":
            self.action_back()
        elif self._key is not None:
            self._force = True
            event.button.disabled = True
            self.query_one("#bar", ProgressBar).display = True
            self.fetch(self._key)

    @work(exclusive=True)
    async def fetch(self, key: Secret) -> None:
        """Fetch, and go away when it is done."""
        if self._stored.updating:
            self.say("It is being fetched already: this waits for it.")
        try:
            outcome = await self._stored.update(self._section, key, self._show, force=self._force)
        except UpdateError as error:
            if error.cached is not None:
                self._renewed()
            self._stop(str(error), again=error.too_few)
            return
        if outcome.cached is not None:
            self._renewed()
        if outcome.recent:
            self._stop(outcome.words, again=True)
        else:
            self.dismiss(outcome.words)

    def _show(self, progress: UpdateProgress) -> None:
        if self.dismissed:
            return
        self.say(progress.words)
        total = progress.total_bytes if progress.phase is UpdatePhase.DOWNLOADING else None
        self.query_one("#bar", ProgressBar).update(total=total, progress=progress.done_bytes)

    def _stop(self, words: str, *, again: bool) -> None:
        if self.dismissed:
            return
        self.say(words)
        self.query_one("#bar", ProgressBar).display = False
        self.query_one("#force", Button).disabled = not again
