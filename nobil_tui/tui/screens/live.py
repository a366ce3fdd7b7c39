"""The main screen while a source runs: what the stream says gets into the panes, and what is old ages.

What keys do stands in ``finding.py`` and ``main.py``.
"""

from __future__ import annotations

import asyncio
import gc
import time

from textual import on, work

from nobil_tui.base.tasks import SLICE_SECONDS, run_in_thread, yield_to_loop
from nobil_tui.feeds.source import Source
from nobil_tui.monitor.batch import Batch, BatchEntry
from nobil_tui.session.register_updater import CHECK_INTERVAL, RegisterUpdater
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings
from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.messages import BatchReceived
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.repaint_throttle import is_behind, until_worth_painting
from nobil_tui.tui.screens.panes import Panes
from nobil_tui.tui.style.glyphs import Glyphs
from nobil_tui.tui.widgets.bars.link_bar import ChangeRate

BAR_EVERY = 0.25
"""Seconds between two looks at the link: its countdown and the age of the last frame move by themselves."""
AGES_EVERY = 1.0
"""Seconds between two looks at the ages on screen, the config file and the order of the list."""
FEW_COLLECTIONS = (10_000, 20, 50)
"""The collector's thresholds once the first snapshot is there, which makes many objects that stay: at the usual 700 it
takes a tenth of the time under load, and finds nothing."""
FREEZE_AFTER = 1.0
"""Seconds after the first snapshot: the collector's walk through it is not what somebody waits for."""
PREPARE_AFTER = 0.1
"""Seconds after the first snapshot, and so after its first paint: the thread would take its turns from that."""
AT_ONCE = 200
"""Entries that go into the log at a stretch: a flood brings ten times as many, and keys must be answered."""


class Live(Panes):
    """The panes over one session at a time."""

    def __init__(self, setup: AppOptions, keeper: Settings, keys: KeyBindings, glyphs: Glyphs) -> None:
        super().__init__(setup, keeper, keys, glyphs)
        path = setup.register_path
        self.stored_register = RegisterUpdater(path, self.own_register, setup) if path is not None else None
        """What fills the user's own register; None where no place for one is known."""
        self.painted = 0
        """How many changes and notes of the session were taken in."""
        self._version = 0
        self._frozen = False
        self._notice = ""

    def on_mount(self) -> None:
        """Begin what takes its time after the first paint."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        if not self.app.is_running:
            # Somebody was quick to quit.
            return
        self.begun = True
        self.set_interval(BAR_EVERY, self.look_at_link)
        self.set_interval(AGES_EVERY, self.look_around)
        self.set_interval(CHECK_INTERVAL, self.look_at_register)
        self.nobil.remember_theme()
        for caution in filter(None, (*self.setup.cautions, self.nobil.trouble)):
            self.complain(caution)
        self.run_session()
        self.look_at_register()

    # The session

    @work(exclusive=True, group="session")
    async def run_session(self) -> None:
        """Run the session; each batch is one message, and the next one waits until it is worth painting."""
        session = self.session

        async def tell(batch: Batch) -> None:
            taken = asyncio.Event()
            self.post_message(BatchReceived(session, batch, await self._log(batch.entries), taken))
            await taken.wait()
            await until_worth_painting(self.app, len(batch.entries))

        await session.run(self.list_anew, tell)

    async def _log(self, entries: list[BatchEntry]) -> tuple[int, int]:
        """Put entries into the log, not too many at a stretch; returns what ``EventLog.show`` is to show."""
        added = gone = 0
        for begin in range(0, len(entries), AT_ONCE):
            if begin:
                await yield_to_loop()
            came, went = self.events.buffer.extend(entries[begin : begin + AT_ONCE])
            added, gone = added + came, gone + went
        return added, gone

    @work(group="register")
    async def look_at_register(self) -> None:
        """Read the user's register where another is stored, and fetch it where that is due.

        Who only looks at what is made up asks nobody for it.
        """
        stored = self.stored_register
        if stored is None:
            return
        version = self.own_register.version
        if problem := await stored.read():
            self.complain(problem)
        if self.own_register.version != version:
            self.register_changed()
        if not self.session.source.simulated and await stored.update_if_due(self.keeper.config.register):
            self.register_changed()

    def register_changed(self) -> None:
        """Show names where ids were."""
        self.session.register_changed()
        self.stations.rebuild()
        self.connectors.rebuild()
        self.events.refresh()
        self._prepare_filter()

    @work(exclusive=True, group="prepare")
    async def _prepare_filter(self) -> None:
        """Have ready what the first keystroke of a filter would otherwise wait for."""
        station_list = self.station_list
        station_list.adopt(await run_in_thread(station_list.prepare))
        self.filter_line.values = station_list.field_values
        # The counts of what it finds. Not in a thread: a report could come between the counting and the noting.
        slice_end = time.perf_counter() + SLICE_SECONDS
        for station in list(self.board.stations.values()):
            _ = station.summary
            if time.perf_counter() > slice_end:
                await yield_to_loop()
                slice_end = time.perf_counter() + SLICE_SECONDS

    def switch(self, source: Source, text: str) -> None:
        """Leave the session for another source."""
        self.text = text
        self.session = Session(source, self.setup, self.own_register)
        # What was frozen of the session before is garbage now.
        gc.unfreeze()
        self.tell.stations.clear()
        self.events.clear()
        self.pulse = ChangeRate()
        self.painted = 0
        self._frozen = False
        self.list_anew()
        self.look_at_link()
        self.run_session()
        self.look_at_register()

    @on(BatchReceived)
    def take(self, message: BatchReceived) -> None:
        """Paint what happened."""
        message.taken.set()
        if message.session is not self.session:
            return
        batch, stations = message.batch, self.stations
        if batch.link.phase is not self.link_bar.state.link.phase:
            self.look_at_link()
        stations.last_input_at = self.nobil.last_input_at
        stations.apply(batch)
        if batch.entries:
            self.events.show(*message.lines)
            self._tell_due(batch)
        self.painted += len(batch.entries)
        self.pulse.note(len(batch.entries), self.setup.clock.monotonic())
        if batch.whole or stations.selected in batch.touched:
            self._version += 1
            self.connectors.version = self._version
        if batch.whole and not self._frozen:
            self._frozen = True
            self.set_timer(FREEZE_AFTER, _freeze)
            self.set_timer(PREPARE_AFTER, self._prepare_filter)
        self.show_found()

    def _tell_due(self, batch: Batch) -> None:
        for station in self.tell.due(batch.entries, self.session.board):
            name = self.register.name(station)
            self.say(f"A connector is free: {self.summary_words(station)}.", title=name, timeout=30)
            if not self.app.app_focus:
                self.app.bell()
            self.stations.refresh()
            self.show_selected()

    # What moves by itself

    async def look_around(self) -> None:
        """Let ages move and a stale list settle, and pick up what another program saved."""
        self.stations.last_input_at = self.nobil.last_input_at
        if not is_behind(self.app):
            self.stations.resort_when_idle()
            self.stations.refresh_ages()
            self.connectors.rebuild()
        if self.session.notice != self._notice:
            self._notice = self.session.notice
            if self._notice:
                self.complain(self._notice)
        await self.keeper.poll(self.stars_changed, self.complain)


def _freeze() -> None:
    # A country's objects live as long as the session: the collector need not walk through them.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*FEW_COLLECTIONS)
