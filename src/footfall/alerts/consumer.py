"""The consumer: looks at sessions and windows as the pipeline goes on, and runs the outbox.

It looks for rules each second, in a table of some rows. As long as there are none, that is all it
does, and neither DuckDB nor a query worker is loaded. Rules that people add count from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from footfall.alerts.book import RuleBook
from footfall.alerts.delivery.outbox import Outbox
from footfall.alerts.delivery.sending import Sender
from footfall.alerts.rules.windows import WindowRules, windowed
from footfall.clock import DAY, SECOND, Clock, SystemClock
from footfall.lake.store.options import bucket_of
from footfall.metadata import Metadata
from footfall.metadata.alerts.reads import AlertReads
from footfall.metadata.alerts.store import AlertStore
from footfall.metadata.place import MetadataPlace
from footfall.pipeline import ConsumerPlace, EpochConsumer, Progress
from footfall.pipeline.consumers.committed import CommittedEpoch
from footfall.pipeline.consumers.contract import SessionsSeen
from footfall.settings import Settings, load_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.alerts.rules.sessions import SessionRules
    from footfall.sessionize import Definitions

LOOK_INTERVAL: Final = 1 * SECOND
LOOK_INTERVAL_SHARED: Final = 5 * SECOND
"""Where metadata is another machine's."""
FORGET_INTERVAL: Final = 1 * DAY


class AlertConsumer(EpochConsumer):
    """See the module's text."""

    def __init__(self, place: ConsumerPlace, clock: Clock | None = None) -> None:
        """Open metadata; start the outbox, which may have something from before."""
        self._place = place
        self._settings: Settings = place.settings or load_settings(place.home.settings_file)
        self._clock = clock or SystemClock()
        self._metadata = Metadata.open(place.home, self._clock, self._settings.metadata)
        where = MetadataPlace.of(place.home, self._settings.metadata)
        self._reads = AlertReads(where, place.project)
        self._store = AlertStore(self._metadata, place.project)
        self._interval = LOOK_INTERVAL if where.is_local else LOOK_INTERVAL_SHARED
        self._book = RuleBook({}, {}, frozenset(), frozenset())
        self._begun: set[str] = set()
        self._said: dict[str, str] = {}
        self._looked_at = -LOOK_INTERVAL_SHARED
        self._forgot_at = 0
        self._sessions: SessionRules | None = None
        self._windows: WindowRules | None = None
        self._definitions: Definitions | None = None
        sender = Sender(self._settings.alerts, place.project, self._clock)
        self.outbox = Outbox(
            self._store, sender, self._settings.alerts, self._read_book, self._clock
        )
        self._look()

    def sessions(self, seen: SessionsSeen) -> None:
        """Fire for sessions that closed within the last second."""
        self._look()
        rules = self._session_rules()
        if rules is not None:
            rows = {name: one.rows for name, one in seen.definitions.items()}
            if rules.closing(self._book, rows, seen.watermark):
                self.outbox.wake()
            self._note_problems(rules)

    def committed(self, epoch: CommittedEpoch) -> None:
        """Make certain, fire what was not seen, withdraw what is not true any more."""
        self._look()
        rules = self._session_rules()
        if rules is not None:
            rows = self._rows(epoch)
            removed = epoch.rows("session_changes", ["session_id"])
            if rules.committed(self._book, rows, removed, epoch.watermark):
                self.outbox.wake()
            self._note_problems(rules)
        self._note_late(epoch)

    def watermark(self, progress: Progress) -> None:
        """Let windows that are over be looked at."""
        self._look()
        if any(rule.enabled for rule in windowed(self._book)):
            self._window_rules().advance(
                progress.watermark, self._closed_before(progress.watermark)
            )
        elif self._windows is not None:
            self._windows.close()
            self._windows = None

    def close(self) -> None:
        """Leave what waits to the next one."""
        if self._windows is not None:
            self._windows.close()
        self.outbox.close()
        if self._sessions is not None:
            self._sessions.close()
        self._metadata.close()

    def _look(self) -> None:
        """Read rules and channels, at most each second."""
        now = round(self._clock.monotonic() * SECOND)
        if now - self._looked_at < self._interval:
            return
        self._looked_at = now
        book = self._read_book()
        if new := set(book.rules) - self._begun:
            self._store.begin(sorted(new), self._clock.now_us())
        self._begun = set(book.rules)
        self._book = book
        if now - self._forgot_at >= FORGET_INTERVAL:
            self._forgot_at = now
            self._store.forget(self._clock.now_us() - self._settings.alerts.history_age_max)

    def _read_book(self) -> RuleBook:
        return RuleBook.read(self._settings.alerts, self._reads)

    def _session_rules(self) -> SessionRules | None:
        """None as long as no rule is over sessions; DuckDB is loaded with the first."""
        if not any(rule.kind == "session" and rule.enabled for rule in self._book.rules.values()):
            return None
        if self._sessions is None:
            from footfall.alerts.rules.sessions import SessionRules

            self._sessions = SessionRules(
                self._store, self._settings, self._place.project, self._clock
            )
        return self._sessions

    def _window_rules(self) -> WindowRules:
        if self._windows is None:
            from footfall.alerts.rules.asking import WorkerAsk

            bucket = bucket_of(self._settings.lake)
            ask = WorkerAsk(self._place.home, self._place.project, self._settings.query, bucket)
            self._windows = WindowRules(
                self._store,
                self._settings,
                self._place.project,
                self._clock,
                ask,
                self._read_book,
                self.outbox.wake,
            )
        return self._windows

    def _rows(self, epoch: CommittedEpoch) -> dict[str, pa.Table]:
        """Its sessions of the definitions that rules are about."""
        sessions = self._settings.sessions
        wanted = {
            rule.definition or sessions.default
            for rule in self._book.rules.values()
            if rule.kind == "session" and rule.enabled
        }
        rows = {sessions.default: epoch.rows("sessions")} if sessions.default in wanted else {}
        if others := wanted & (sessions.named.keys() - {sessions.default}):
            import pyarrow.compute as pc

            all_others = epoch.rows("other_sessions")
            for name in others:
                is_mine = pc.and_(
                    pc.equal(all_others["definition"], name),
                    pc.equal(all_others["definition_version"], sessions.named[name].version),
                )
                rows[name] = all_others.filter(is_mine)
        return rows

    def _note_late(self, epoch: CommittedEpoch) -> None:
        """From where on windows may have changed: the oldest event, the oldest session's end."""
        if not windowed(self._book):
            return
        import pyarrow.compute as pc

        windows = self._window_rules()
        overs = {rule.over for rule in windowed(self._book)}
        for over, column in (("events", "event_time"), ("sessions", "ended_at")):
            if over not in overs:
                continue
            tables = ["events"] if over == "events" else ["sessions", "other_sessions"]
            for table in tables:
                oldest = pc.min(epoch.rows(table, [column])[column]).cast("int64").as_py()
                if oldest is not None:
                    windows.late(self._book, over, oldest)

    def _closed_before(self, watermark: int) -> dict[str, int]:
        if self._definitions is None:
            from footfall.sessionize import Definitions

            self._definitions = Definitions.of(self._settings.sessions)
        return {one.name: one.closed_before(watermark) for one in self._definitions}

    def _note_problems(self, rules: SessionRules) -> None:
        """Show people why a rule cannot be looked at, or that it can be again."""
        said = {
            name: rules.problems.get(name, "")[:500]
            for name, rule in self._book.rules.items()
            if rule.kind == "session"
        }
        changed = [name for name in said if self._said.get(name, "") != said[name]]
        self._said = said
        if changed:
            with self._store.deciding() as decision:
                for name in changed:
                    state = decision.state(name)
                    if state is not None:
                        decision.put_state(msgspec.structs.replace(state, problem=said[name]))


def make(place: ConsumerPlace) -> EpochConsumer:
    """For the pipeline.

    Raises:
        Unavailable: metadata cannot be opened now; it is made again.
    """
    return AlertConsumer(place)
