"""The dialog that downloads the station register and shows the progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from textual import work
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Button, Label, ProgressBar

from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import RegisterSection
from nobil_tui.config.setting_table import MAX_API_KEY
from nobil_tui.feeds.source import SourceError
from nobil_tui.register.api_key import register_key
from nobil_tui.register.progress import UpdateError, UpdatePhase, UpdateProgress
from nobil_tui.register.update import HOW_TO_SET
from nobil_tui.session.register_updater import RegisterUpdater
from nobil_tui.sources.api_keys import checked_key
from nobil_tui.tui.dialogs.dialog import FormDialog, SubmitButton
from nobil_tui.tui.widgets.text_field import TextField

REGISTER_HOST = "nobil.no"
"""Where the register is, and where a key is requested."""


class RegisterScreen(FormDialog[str]):
    """Returns what was downloaded as text, or None. Closing it stops the download."""

    FORM_TITLE = "Station register"
    SUBMIT = SubmitButton("download", "Download")

    def __init__(
        self,
        updater: RegisterUpdater,
        section: RegisterSection,
        environ: Mapping[str, str],
        changed: Callable[[], None],
        keep_key: Callable[[Secret], None],
    ) -> None:
        """Call ``changed`` once something new is stored, even if the rest failed, and ``keep_key``
        with a key that was typed and accepted."""
        super().__init__()
        self._changed = changed
        self._keep_key = keep_key
        self._updater = updater
        self._section = section
        self._key = register_key(section, environ)
        self._typed = False
        """Whether the key was typed here."""
        self._force = False

    def fields(self) -> Iterator[Widget]:
        """Yield a field for the key and the progress bar."""
        countries = ", ".join(self._section.countries)
        what = f"Names, places and plugs of all stations in {countries}"
        yield Label(f"{what}: NOBIL by Enova, CC BY 4.0.")
        with Vertical(id="key-form"):
            yield Label(
                f"API key (hidden; sent to {REGISTER_HOST} only). Request a free key there."
            )
            yield TextField(password=True, placeholder="API key", max_length=MAX_API_KEY, id="key")
        yield ProgressBar(show_eta=False, id="bar")

    def on_mount(self) -> None:
        """Start the download, or ask for a key."""
        self.query_one("#bar", ProgressBar).update(total=None)
        if self._key is None:
            self._ask("Stations show their ids until a register is downloaded.")
        else:
            self._begin(self._key)

    async def submit(self) -> None:
        """Download with the typed key, or download anyway if the button says so."""
        form, field = self.query_one("#key-form"), self.query_one("#key", TextField)
        if form.display:
            try:
                typed = checked_key(field.value.strip(), "The key")
            except SourceError as error:
                self.say(str(error))
                return
            if not typed:
                self.say("Enter the key of the station register.")
                return
            self._key, self._typed = Secret(typed), True
        elif self._key is not None:
            self._force = True
        if self._key is not None:
            self._begin(self._key)

    def _ask(self, words: str) -> None:
        """Ask for a key."""
        self.query_one("#bar", ProgressBar).display = False
        self.query_one("#key-form").display = True
        self.query_one("#download", Button).disabled = False
        self.query_one("#key", TextField).focus()
        self.say(words)

    def _begin(self, key: Secret) -> None:
        self.query_one("#key-form").display = False
        self.query_one("#download", Button).disabled = True
        self.query_one("#bar", ProgressBar).display = True
        self.query_one("#cancel", Button).focus()
        self.fetch(key)

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
            if error.refused:
                self._ask(str(error).removesuffix(HOW_TO_SET).strip())
            else:
                self._stop(str(error), again=error.too_few)
            return
        if self._typed:
            self._keep_key(key)
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
        button = self.query_one("#download", Button)
        button.disabled, button.label = not again, "Download anyway"
