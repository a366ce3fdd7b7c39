"""Choose the stations and connectors of a command without a screen: by ids, by a filter, or all."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from nobil_tui.base.text import quoted
from nobil_tui.headless.link_reporter import Print
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.index import StationIndex
from nobil_tui.search.places import AnyPlace
from nobil_tui.search.query import Query
from nobil_tui.search.selection import UnknownConnectors
from nobil_tui.search.station_ids import BY_FILTER, StationIds
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings


class UnknownStationError(Exception):
    """No station is meant, such as by an id that none has. Its text is safe to show."""


class StationChoice:
    """The stations with one of the ``given`` ids that match a filter, of an open session.

    Without ids, all stations that match. An id may differ from a station's in case and leading
    zeros. It is looked up in the register and on the board, once they name enough stations.
    """

    def __init__(
        self,
        session: Session,
        given: Iterable[str],
        filter_text: str,
        print_message: Print,
        settings: Settings,
        *,
        watched: bool = False,
        otherwise: str = BY_FILTER,
    ) -> None:
        """With ``watched``, the starred stations are given too. The stars and the home are those of
        ``settings``, where a simulation has some of its own. ``otherwise`` is as for
        ``StationIds.problem``.

        Raises ``UnknownStationError`` if there are no stars, or no home that the filter needs.
        """
        self._session = session
        self._given = [*given]
        self._filter_text = filter_text
        self._print = print_message
        self._settings = settings
        self._watched = watched
        self._otherwise = otherwise
        self._index = StationIndex(session.register, settings.starred)
        self._warned = False
        self.query: Query
        self._places_of: int
        """The version of the register with whose places the filter was parsed."""
        self._open: list[str]
        """Ids that are not found yet."""
        self._ids: dict[str, None] | None
        self._is_open: bool
        """Whether stars or a home are missing that a simulation may have, which a hub may serve."""
        self._seen: object
        self._begin()

    def _begin(self) -> None:
        """Choose by the stars and the home of real stations, or of a simulation."""
        settings = self._settings
        settings.use_simulated(self._session.simulated)
        stars = settings.own_stars if self._watched else ()
        self._open = list(dict.fromkeys([*self._given, *stars]))
        self._ids = {} if self._open or self._watched else None
        self._seen, self._places_of = None, -1
        self.query = parse_query(self._filter_text, settings.home, AnyPlace())
        lacks_stars = self._watched and not self._open
        self._is_open = (lacks_stars or bool(self.query.problems)) and self._may_be_simulated
        if self._is_open:
            return
        if lacks_stars:
            raise UnknownStationError(
                "No station is starred. Star one in the app, or give station ids."
            )
        self._check_filter()

    @property
    def _may_be_simulated(self) -> bool:
        """Whether a hub may still say that it serves a simulation, of which there are settings."""
        session, settings = self._session, self._settings
        kept = settings.config.watched.simulated or settings.config.home.simulated
        known = settings.simulated or session.board.has_snapshot
        return bool(kept) and session.sends_snapshot and not known

    def _check_filter(self) -> None:
        if self.query.problems:
            raise UnknownStationError(
                f"The filter is not understood: {self.query.problems[0].message}."
            )

    @property
    def ids(self) -> list[str] | None:
        """The given stations that were found, in their order; None for all."""
        return None if self._ids is None else [*self._ids]

    def update(self) -> None:
        """Look up the ids that are not found yet. Call it after each batch.

        Raises ``UnknownStationError`` for an id that no station has.
        """
        session, board = self._session, self._session.board
        flipped = session.simulated is not self._settings.simulated
        if flipped or (self._is_open and board.has_snapshot):
            # A hub says later that it serves a simulation.
            self._begin()
        seen = board.membership, session.register.version, board.has_snapshot, session.link.phase
        if not self._open or self._ids is None or seen == self._seen:
            return
        self._seen = seen
        known = StationIds([*session.register, *board.stations])
        found = {text: known.find(text) for text in self._open}
        self._ids.update((station, None) for station in found.values() if station is not None)
        self._open = [text for text, station in found.items() if station is None]
        if not self._open:
            return
        if self._complete:
            raise UnknownStationError(known.problem(self._open[0], otherwise=self._otherwise))
        if not (self._warned or session.sends_snapshot):
            self._warned = True
            ids = ", ".join(map(quoted, self._open))
            self._print(f"No station with the id {ids} is known yet. Waiting for its first report.")

    def _find_places(self) -> None:
        """Parse a filter that names a place again, with the places of a register that changed.

        Raises ``UnknownStationError`` if no station is in the place. A register without any of the
        source's stations may belong to another source, while theirs is being fetched.
        """
        register = self._session.register
        if not self.query.names_place or register.version == self._places_of:
            return
        self.query = parse_query(self.query.text, self._settings.home, self._index.places)
        if not self.query.problems:
            self._places_of = register.version
        elif any(station in register for station in self._session.board.stations):
            self._check_filter()

    @property
    def _complete(self) -> bool:
        """Whether all stations of the source are known, so that another id is a mistake."""
        session = self._session
        if session.sends_snapshot:
            return session.board.has_snapshot
        # A recording may be older or newer than the register.
        return session.player is None and len(session.register) > 0

    def finish(self) -> None:
        """Check the ids at the end of the source. Raises ``UnknownStationError``."""
        if self._open:
            known = StationIds([*self._session.register, *self._session.board.stations])
            raise UnknownStationError(known.problem(self._open[0], otherwise=self._otherwise))

    def matching(self, stations: Collection[str], now: int) -> list[str]:
        """Return the chosen ones of ``stations`` at ``now`` (ms)."""
        if self._ids is not None:
            stations = [station for station in stations if station in self._ids]
        self._find_places()
        if self.query.problems:
            # The place is not known yet.
            return []
        if not self.query:
            return [*stations]
        return self._index.matching([*stations], self.query, self._session.board, now)

    def selects(self, station_id: str, index: int, *, if_unknown: bool) -> bool:
        """Return whether the filter's plugs select a connector, by its index.

        ``if_unknown``: the answer if it is unknown which connector has which plug.
        """
        station = self._session.board.stations.get(station_id)
        if not self.query.plugs or station is None:
            return True
        selected = self._index.selected_connectors(station, self.query)
        return if_unknown if isinstance(selected, UnknownConnectors) else index in selected
