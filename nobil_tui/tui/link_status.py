"""Show the state of a session's link: in the link bar, and in an empty station list."""

from __future__ import annotations

from nobil_tui.charging.conditions import Condition
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings
from nobil_tui.sources import catalogue
from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.text.times import datetime_text
from nobil_tui.tui.widgets.bars.link_bar import ChangeRate, LinkBar, LinkBarState
from nobil_tui.tui.widgets.stations.pane import StationsPane

_WAITING = {
    LinkPhase.CONNECTING: "Connecting to {source}.",
    LinkPhase.LIVE: "Connected to {source}. Waiting for the first report.",
    LinkPhase.NOT_LIVE: "Connected to {source}, which is not live: {reason}.",
    LinkPhase.RETRYING: (
        "Could not connect to {source}: {reason}. Retrying automatically; press {retry} to retry "
        "now, or {connect} to connect to another source."
    ),
    LinkPhase.REFUSED: (
        "{source} refused the key ({reason}). Press {connect} to enter another key, or {retry} "
        "to retry."
    ),
    LinkPhase.ENDED: "{source} has ended.",
    LinkPhase.FAILED: (
        "Could not open {source}: {reason}. Press {retry} to retry, or {connect} to connect to "
        "another source."
    ),
}
"""The text of the station list before the first station."""
_LOGIN_REFUSED = (
    "{reason}. Set NOBIL_NATS_CREDS, NOBIL_NATS_TOKEN, or NOBIL_NATS_USER and NOBIL_NATS_PASSWORD, "
    "and start again; or press {retry} to retry, or {connect} to connect to another source."
)
"""The same if a login was refused: it comes from the environment."""
_LINK_HELP = {
    LinkPhase.RETRYING: "{retry} retries now",
    LinkPhase.REFUSED: "{connect}: enter another key",
    LinkPhase.FAILED: "{retry} retries, {connect}: another source",
}
"""The keys that help while the link is down, for the link bar."""


class LinkStatus:
    """Shows the state of one session's link."""

    def __init__(
        self,
        session: Session,
        options: AppOptions,
        settings: Settings,
        keys: KeyBindings,
        link_bar: LinkBar,
        stations: StationsPane,
    ) -> None:
        self._session = session
        self._options = options
        self._settings = settings
        self._keys = keys
        self._link_bar = link_bar
        self._stations = stations
        self.change_rate = ChangeRate()
        self.register_progress = ""
        """The progress of updating the register with the source's own data; empty if no update
        runs."""

    @property
    def needs_help(self) -> bool:
        """Whether the link is down and a key can help."""
        return self._session.link.phase in _LINK_HELP

    @property
    def starred_free(self) -> int:
        """The number of starred stations with a free connector."""
        held = map(self._session.board.stations.get, self._settings.starred)
        return sum(station is not None and station.summary.free > 0 for station in held)

    def refresh(self) -> None:
        """Show the state of the link in the link bar, and in an empty station list."""
        session = self._session
        board, monitor = session.board, session.monitor
        now = session.clock.now()
        counts, rate = self.change_rate.read(self._options.clock.monotonic())
        tally = board.tally
        known = board.connectors - tally[Condition.NOT_IN_SERVICE] - tally[Condition.UNKNOWN]
        in_use = sum(tally[each] for each in Condition if each.in_use)
        playing = ""
        if session.player is not None:
            playing = f"{datetime_text(now, self._options.zone)}  {session.player.words}"
        self._link_bar.state = LinkBarState(
            link=session.link,
            # The word SIMULATED names the simulation of this program.
            source="" if session.source.simulated and not session.player else session.source.name,
            simulated=session.simulated,
            stations=len(board.stations),
            connectors=board.connectors,
            in_use=in_use / known if known else None,
            unconfirmed=board.unconfirmed(now) if board.stations else 0,
            confirms_soon=board.confirms_soon(now),
            unreadable=monitor.counts.unreadable if monitor else 0,
            full=board.dropped > 0,
            unknown_words=monitor.counts.unknown_words.text if monitor else "",
            changes_by_second=tuple(counts),
            rate=rate,
            frame_at=monitor.frame_at if monitor else 0,
            behind=monitor.behind if monitor else 0,
            now=now,
            playing=playing,
            progress=self.register_progress,
            hint=self._hint(),
            silence=monitor.unusual_silence(now) if monitor and session.player is None else 0,
            starred=len(self._settings.starred),
            starred_free=self.starred_free,
            help=self._help(),
        )
        self._set_waiting_text()

    def _help(self) -> str:
        """Return the keys that help while the link is down; empty while it is up."""
        link = self._session.link
        # A login cannot be entered here.
        words = _LINK_HELP.get(LinkPhase.FAILED if link.login else link.phase, "")
        return words.format(retry=self._keys.named("retry"), connect=self._keys.named("connect"))

    def _hint(self) -> str:
        """Return how to get to real data from a simulation, or to names without a register."""
        session = self._session
        if session.simulated:
            return f"{self._keys.named('connect')}: {catalogue.FINLAND.summary}"
        names_come = session.station_data is not None or not session.uses_user_register
        if names_come or len(session.register) or not session.board.stations:
            return ""
        return f"{self._keys.named('update-register')}: get the names of stations"

    def _set_waiting_text(self) -> None:
        session = self._session
        refused_login = session.link.phase is LinkPhase.REFUSED and session.link.login
        text = (_LOGIN_REFUSED if refused_login else _WAITING[session.link.phase]).format(
            source=session.source.name,
            reason=session.link.reason.rstrip("."),
            retry=self._keys.named("retry"),
            connect=self._keys.named("connect"),
        )
        if text != self._stations.waiting_text:
            self._stations.waiting_text = text
            if not session.board.stations:
                # It also shows below starred stations that were not reported yet.
                self._stations.update_count()
