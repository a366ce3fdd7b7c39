"""The dialog that edits one alert."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace
from textual.widget import Widget
from textual.widgets import Label

from nobil_tui.base.text import did_you_mean, one_of
from nobil_tui.config.alert_rules import MAX_LEAST, AlertRule, AlertWhen
from nobil_tui.config.alert_validation import filter_problem
from nobil_tui.config.setting_table import MAX_FILTER
from nobil_tui.tui.dialogs.dialog import FormDialog, SubmitButton
from nobil_tui.tui.textual_internals.checkbox import AsciiCheckbox
from nobil_tui.tui.widgets.text_field import TextField, complete_word


class EditAlertScreen(FormDialog[AlertRule]):
    """Returns the alert as edited, or None if the user cancels."""

    FORM_TITLE = "Alert"
    SUBMIT = SubmitButton("save", "Save")

    def __init__(self, rule: AlertRule, name: str) -> None:
        """Edit ``rule``; ``name`` is its station's, empty for an alert of an area."""
        super().__init__()
        self._rule = rule
        self._station_name = name

    def fields(self) -> Iterator[Widget]:
        """Yield what can be changed of the alert."""
        rule = self._rule
        if rule.station:
            connector = f", connector {rule.connector}" if rule.connector else ""
            yield Label(f"{self._station_name}{connector}", markup=False)
        if not rule.connector:
            what = "Plugs that count, such as ccs >=150kw" if rule.station else "Filter of the area"
            yield Label(what)
            example = "all plugs" if rule.station else "ccs >=150kw within:5km"
            yield TextField(rule.filter, placeholder=example, max_length=MAX_FILTER, id="filter")
        yield Label(f"When: {one_of(AlertWhen)}")
        yield TextField(str(rule.when), id="when", complete=complete_word(AlertWhen))
        if not rule.connector:
            yield Label("How many must be free")
            yield TextField(str(rule.least), max_length=4, id="least")
        yield AsciiCheckbox("Stay armed after firing", rule.repeat, id="repeat")

    async def submit(self) -> None:
        """Return the alert if it is valid."""
        rule = self._rule
        text, when = self._text("filter"), self._text("when").lower()
        least = self._text("least") or "1"
        if when not in set(AlertWhen):
            self.say(f"When is {one_of(AlertWhen)}.{did_you_mean(when, AlertWhen)}")
        elif not text and not rule.station:
            self.say("Enter a filter, such as ccs >=150kw within:5km.")
        elif not text.isprintable():
            self.say("A filter can hold printable characters only.")
        elif text and (problem := filter_problem(text, needs_terms=not rule.station)):
            self.say(f"Filter: {problem}.")
        elif not least.isdecimal() or not 1 <= int(least) <= MAX_LEAST:
            self.say(f"Enter a number from 1 to {MAX_LEAST}.")
        else:
            self.dismiss(
                replace(
                    rule,
                    filter=text,
                    when=AlertWhen(when),
                    least=int(least) if when == AlertWhen.FREE else 1,
                    repeat=self.query_one("#repeat", AsciiCheckbox).value,
                )
            )

    def _text(self, name: str) -> str:
        return next((each.value.strip() for each in self.query(f"#{name}").results(TextField)), "")
