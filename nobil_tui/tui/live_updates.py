"""Live updates: show reports of the running source, and everything that changes with time."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from textual.message import Message

from nobil_tui.base.memory import freeze_board, unfreeze
from nobil_tui.base.tasks import SLICE_SECONDS, run_in_thread, yield_to_loop
from nobil_tui.feeds.source import Source, StationData
from nobil_tui.monitor.batch import Batch
from nobil_tui.session.register_updater import CHECK_INTERVAL, RegisterUpdater
from nobil_tui.session.session import Session
from nobil_tui.tui.repaint_throttle import PAUSE, wait_before_repaint
from nobil_tui.tui.textual_internals.dismissal import Dismissal
from nobil_tui.tui.textual_internals.terminal import is_terminal_behind
from nobil_tui.tui.workspace import Workspace

TICK_INTERVAL = 1.0
"""Seconds between two updates of everything that changes with time, in one wake-up."""
FREEZE_DELAY = 1.0
"""Seconds after the first snapshot when its objects are frozen: the garbage collector's pass over
them must not delay a key."""
HISTORY_INTERVAL = 60.0
"""Seconds between two reads of the selected station's history, whose strip moves with time."""
HISTORY_WRITTEN = 5.0
"""Seconds between two reads after changes of the selected station, which are stored within one."""
HISTORY_DELAY = 0.15
"""Seconds for which a station is selected before its history is read."""
HISTORY_SPAN = 25 * 3_600_000
"""Milliseconds of changes to read: as much as the connectors pane shows, and an hour more."""
PREPARE_DELAY = 0.1
"""Seconds after the first snapshot, so that the thread takes no time from its first paint."""


class BatchReceived(Message):
    """A batch was received and logged. Its receiver sets ``taken``, and the next batch follows."""

    def __init__(self, session: Session, batch: Batch, taken: asyncio.Event) -> None:
        super().__init__()
        self.session = session
        self.batch = batch
        self.taken = taken


class LiveUpdates:
    """Runs the session of a workspace and shows its batches."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._screen = workspace.screen
        self.painted = 0
        """Changes and notes of the session that were shown."""
        self._version = 0
        self._frozen = False
        self._notice = ""
        self._time_shown_at = -1_000_000
        """When the ages on screen were last updated, in ms of the session's clock."""
        self._history_read_at = 0.0
        """The reading of the clock when the history was last read, in seconds."""
        self._history_version = 0

    def start(self, warnings: Iterable[str]) -> None:
        """Show warnings, run the session and start everything that changes with time."""
        screen = self._screen
        screen.set_interval(TICK_INTERVAL, self.tick)
        screen.set_interval(CHECK_INTERVAL, self.check_register)
        for warning in warnings:
            self._workspace.toasts.warn(warning)
        self._run()

    def switch(self, source: Source, text: str) -> None:
        """End the session, and start one with another source; ``text`` is how the user wrote it."""
        # The frozen objects of the previous session are garbage now.
        unfreeze()
        self._frozen = False
        self.painted = 0
        self._workspace.open_session(source, text)
        self._run()

    def _run(self) -> None:
        self._work(self._run_session, "session", exclusive=True)
        self.check_register()

    def _work(
        self, work: Callable[[], Coroutine[Any, Any, None]], group: str, *, exclusive: bool = False
    ) -> None:
        """Run ``work`` in a worker of the screen.

        It gets the function: a worker that is cancelled before its first step, as on exit, would
        leave a coroutine that was never awaited.
        """
        run = self._screen.run_worker
        run(work, group=group, exclusive=exclusive)  # type: ignore[arg-type]  # Textual infers Never

    async def _run_session(self) -> None:
        session = self._workspace.session

        async def show(batch: Batch) -> None:
            taken = asyncio.Event()
            await self._workspace.event_log.add(batch.entries)
            self._screen.post_message(BatchReceived(session, batch, taken))
            await taken.wait()
            if not (batch.whole or batch.touched):
                # Show the link alone: the snapshot that follows a connection must not wait.
                return
            workspace = self._workspace
            now = workspace.options.clock.monotonic()
            await wait_before_repaint(self._screen.app, now - workspace.input.last_input_at)

        def on_open() -> None:
            self._workspace.bind_session()
            if session.station_data is not None:
                self.check_register()

        await session.run(on_open, show)

    def show(self, message: BatchReceived) -> None:
        """Show a batch in all panes."""
        message.taken.set()
        workspace, batch = self._workspace, message.batch
        if message.session is not workspace.session:
            return
        stations = workspace.stations
        if batch.whole or batch.link.phase is not workspace.link_bar.state.link.phase:
            workspace.refresh_link_bar()
        stations.last_input_at = workspace.input.last_input_at
        stations.apply(batch)
        if batch.entries:
            workspace.event_log.show_added()
        self.painted += len(batch.entries)
        if not batch.whole:
            # The changes of a snapshot were missed, or happened before the simulation was opened.
            workspace.link_status.change_rate.add(
                len(batch.entries), workspace.options.clock.monotonic()
            )
        if batch.whole or stations.selected in batch.touched:
            self._version += 1
            workspace.connectors.version = self._version
        if batch.whole:
            workspace.follow_simulation()
        if batch.whole and not self._frozen:
            self._frozen = True
            if workspace.session.source.simulated:
                self._select_lively()
            self._screen.set_timer(FREEZE_DELAY, freeze_board)
            self._screen.set_timer(PREPARE_DELAY, self._prepare_filter)
        workspace.show_filter_result()
        if not self._is_time_shown(TICK_INTERVAL - PAUSE):
            # Do so with this paint, so that the next tick need not paint too.
            self.show_time(rows=not batch.whole)

    def _select_lively(self) -> None:
        """Select the visible station with the most different conditions, unless the user was
        active."""
        workspace = self._workspace
        stations, board = workspace.stations, workspace.board
        ids = workspace.station_list.ids
        if workspace.input.last_key or not stations.count or stations.selected != ids[0]:
            return

        def variety(station: str) -> int:
            held = board.stations.get(station)
            return len({each.condition for each in held.connectors}) if held is not None else 0

        shown = ids[: max(1, stations.page)]
        best = max(shown, key=variety)
        if variety(best) > variety(shown[0]):
            stations.show_at_first(best)

    def _is_time_shown(self, seconds: float) -> bool:
        """Return whether the ages on screen were updated less than ``seconds`` ago."""
        age = self._workspace.session.clock.now() - self._time_shown_at
        return 0 <= age < seconds * 1000

    def show_time(self, *, rows: bool = True) -> None:
        """Update the link bar, ages and order.

        ``rows``: also the ages in the station list, unless all its rows are painted anyway.
        """
        workspace = self._workspace
        self._time_shown_at = workspace.session.clock.now()
        workspace.refresh_link_bar()
        workspace.stations.last_input_at = workspace.input.last_input_at
        if not is_terminal_behind(self._screen.app):
            workspace.stations.resort_when_idle()
            workspace.show_filter_result()
            if rows:
                workspace.stations.refresh_ages()
            workspace.connectors.refresh_ages()

    async def tick(self) -> None:
        """Update what changes with time, and read settings saved by other programs."""
        workspace = self._workspace
        if not self._is_time_shown(TICK_INTERVAL):
            self.show_time()
        notice = workspace.session.notice or workspace.alerts.notice
        if notice != self._notice:
            self._notice = notice
            if self._notice:
                workspace.toasts.warn(self._notice)
        changed = self._version != self._history_version
        since = workspace.options.clock.monotonic() - self._history_read_at
        if since >= HISTORY_INTERVAL or (changed and since >= HISTORY_WRITTEN):
            self._history_version = self._version
            self.read_history()
        await workspace.settings.poll(workspace.show_stars, workspace.toasts.warn)
        workspace.show_home()
        if not isinstance(self._screen.app.screen, Dismissal):
            # A dialog may be showing another theme.
            workspace.edits.follow()
        if workspace.alerts.refresh():
            workspace.show_alerts()
        workspace.show_title()

    # The history

    def read_history(self) -> None:
        """Start to read the history of the selected station for the connectors pane."""
        self._history_read_at = self._workspace.options.clock.monotonic()
        self._work(self._read_history, "history", exclusive=True)

    async def _read_history(self) -> None:
        workspace = self._workspace
        session, station = workspace.session, workspace.stations.selected
        if not station:
            return
        # Do not read it for each station that the cursor passes.
        await asyncio.sleep(HISTORY_DELAY)
        history = await session.read_history(station, session.clock.now() - HISTORY_SPAN)
        if session is workspace.session and station == workspace.stations.selected:
            workspace.connectors.history = history

    # The register

    def register_changed(self) -> None:
        """Show a register that changed, and prepare the filter for it."""
        self._workspace.register_changed()
        self._prepare_filter()

    def check_register(self) -> None:
        """Start to read the user's register, and to download it if it is due."""
        self._work(self._read_register, "register")

    async def _read_register(self) -> None:
        """Read the user's register if its file changed, and download it if it is due.

        A simulation has a register of its own: nothing is downloaded for it.
        """
        workspace = self._workspace
        updater, data = workspace.register_updater, workspace.session.station_data
        if updater is None:
            if data is not None:
                data.settle()
            return
        version = workspace.user_register.version
        if problem := await updater.read():
            workspace.toasts.warn(problem)
        if workspace.user_register.version != version:
            self.register_changed()
        if workspace.session.source.simulated:
            return
        if data is not None:
            if problem := await self._update_station_data(updater, data):
                workspace.toasts.warn(f"{problem} Retrying automatically.")
            if updater.retry_in:
                self._work(self._retry_station_data, "station data", exclusive=True)
        if await updater.update_if_due(workspace.settings.config.register):
            self.register_changed()

    async def _retry_station_data(self) -> None:
        """Try again to get what the source publishes, as long as that fails."""
        workspace = self._workspace
        session, updater = workspace.session, workspace.register_updater
        data = session.station_data
        while updater is not None and data is not None and (seconds := updater.retry_in):
            await workspace.options.clock.sleep(seconds)
            if session is not workspace.session:
                return
            await self._update_station_data(updater, data)

    async def _update_station_data(self, updater: RegisterUpdater, data: StationData) -> str:
        """Update the register with the data that the source publishes, and show the progress.

        Returns an error message, or an empty string.
        """
        workspace = self._workspace
        version = workspace.user_register.version
        problem = await updater.update_station_data(
            data, workspace.show_register_progress, statuses_first=True
        )
        if workspace.user_register.version != version:
            self.register_changed()
        return problem

    def _prepare_filter(self) -> None:
        self._work(self._prepare, "prepare", exclusive=True)

    async def _prepare(self) -> None:
        """Prepare the index, so that the first key of a filter need not wait."""
        station_list = self._workspace.station_list
        station_list.adopt(await run_in_thread(station_list.prepare))
        await run_in_thread(_import_filter)
        if self._workspace.has_filter_line:
            self._workspace.filter_line.values = station_list.field_values
        # Compute the summaries here and not in the thread: a report could change a station
        # meanwhile.
        slice_end = time.perf_counter() + SLICE_SECONDS
        for station in list(self._workspace.board.stations.values()):
            _ = station.summary
            if time.perf_counter() > slice_end:
                await yield_to_loop()
                slice_end = time.perf_counter() + SLICE_SECONDS


def _import_filter() -> None:
    """Import the filter's modules after the first paint, so that its first key need not wait."""
    for name in ("search.filter_parser", "tui.widgets.filter.line"):
        importlib.import_module(f"nobil_tui.{name}")
