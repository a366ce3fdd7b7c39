"""The dialog that downloads the station register and shows the progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from textual import work
from textual.widget import Widget
from textual.widgets import Button, Label, ProgressBar

from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import RegisterSection
from nobil_tui.register.api_key import register_key
from nobil_tui.register.update import NO_KEY, UpdateError, UpdatePhase, UpdateProgress
from nobil_tui.session.register_updater import RegisterUpdater
from nobil_tui.tui.dialogs.dialog import FormDialog, SubmitButton


class RegisterScreen(FormDialog[str]):
    """Returns what was downloaded as text, or None. Closing it stops the download."""

    FORM_TITLE = "Station register"
    SUBMIT = SubmitButton("force", "Download anyway", enabled=False)

    def __init__(
        self,
        updater: RegisterUpdater,
        section: RegisterSection,
        environ: Mapping[str, str],
        changed: Callable[[], None],
    ) -> None:
        """Call ``changed`` once something new is stored, also if the rest failed."""
        super().__init__()
        self._changed = changed
        self._updater = updater
        self._section = section
        self._key = register_key(section, environ)
        self._force = False

    def fields(self) -> Iterator[Widget]:
        """Yield the progress bar."""
        countries = ", ".join(self._section.countries)
        what = f"Names, places and plugs of all stations of {countries}"
        yield Label(f"{what}: NOBIL by Enova, CC BY 4.0.")
        yield ProgressBar(show_eta=False, id="bar")

    def on_mount(self) -> None:
        """Start the download."""
        bar = self.query_one("#bar", ProgressBar)
        bar.update(total=None)
        if self._key is None:
            bar.display = False
            self.say(NO_KEY)
        else:
            self.fetch(self._key)

    async def submit(self) -> None:
        """Download the register, however recent it is."""
        if self._key is not None:
            self._force = True
            self.query_one("#force", Button).disabled = True
            self.query_one("#bar", ProgressBar).display = True
            self.fetch(self._key)

    @work(exclusive=True)
    async def fetch(self, key: Secret) -> None:
        """Download the register, and close the dialog when that is done."""
        if self._updater.updating:
            self.say("A download is already running. Waiting for it to finish.")
        try:
            outcome = await self._updater.update(self._section, key, self._show, force=self._force)
        except UpdateError as error:
            if error.cached is not None:
                self._changed()
            self._stop(str(error), again=error.too_few)
            return
        if outcome.cached is not None:
            self._changed()
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
