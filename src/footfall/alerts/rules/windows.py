"""Rules over measures: a window is looked at once the watermark has passed its end.

A thread of its own, so that sessions need not wait for a statement over a cut. It asks a query
worker, a process with bounded time and memory, as the pages do. How far each rule is, is decided in
one transaction with what fired: a window is decided once. Events that come late say from where on
windows are looked at again (`late`), and a firing that is not true any more is withdrawn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import msgspec

from footfall.alerts.book import RuleBook
from footfall.alerts.rules.deciding import Deciding
from footfall.alerts.rules.judging import judged, needed, window_candidate
from footfall.alerts.rules.statements import Statement, Windows, first_row, measured, sessions_view
from footfall.clock import Clock
from footfall.errors import Closed, FootfallError, Unavailable
from footfall.metadata.alerts.reads import StoredState
from footfall.metadata.alerts.store import AlertStore
from footfall.settings import RuleSettings, Settings
from footfall.settings.alerts import OVERLAP_MAX

WINDOWS_A_TURN: Final = 1_000
"""Windows that one statement measures: after an outage they are looked at in turns."""
RETRY_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 5.0


class Ask(Protocol):
    """Runs one guarded statement over the newest cut, in bounded time."""

    def __call__(self, sql: str, values: Sequence[Any], rows_max: int) -> list[list[Any]]:
        """Its rows; raises `FootfallError`."""
        ...

    def close(self) -> None:
        """End what it started."""
        ...


class WindowRules:
    """Evaluates rules over measures; see the module's text."""

    def __init__(
        self,
        store: AlertStore,
        settings: Settings,
        project: str,
        clock: Clock,
        ask: Ask,
        read_book: Callable[[], RuleBook],
        on_notices: Callable[[], None],
    ) -> None:
        """Start nothing yet.

        Args:
            store: Where decisions go.
            settings: The installation's.
            project: Whose rules.
            clock: The wall clock.
            ask: Runs statements.
            read_book: The rules as they are.
            on_notices: Called when channels are to be told something.
        """
        self._store = store
        self._settings = settings
        self._project = project
        self._clock = clock
        self._ask = ask
        self._read_book = read_book
        self._on_notices = on_notices
        self._watermark = 0
        self._closed_before: dict[str, int] = {}
        self._wake = threading.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._retry_at: dict[str, float] = {}
        self._next: dict[RuleSettings, int] = {}
        """When a rule's next window ends: until then nothing is asked. Late events end it."""
        self._began: dict[Statement, int] = {}
        """When the first row was, by what asks for it; known for good but for late events."""
        self.problems: dict[str, str] = {}

    def advance(self, watermark: int, closed_before: dict[str, int]) -> None:
        """The watermark is here; sessions of each definition that ended before are closed."""
        self._watermark = watermark
        self._closed_before = closed_before
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="alert windows", daemon=True)
            self._thread.start()
        self._wake.set()

    def close(self, seconds: float = 1.0) -> None:
        """End the thread, or leave it behind if a statement holds it up."""
        self._is_closed = True
        self._wake.set()
        self._ask.close()
        if self._thread is not None:
            self._thread.join(seconds)

    def late(self, book: RuleBook, over: str, earliest: int) -> None:
        """Rows as old as `earliest` were committed: windows from there on may have changed."""
        rules = [rule for rule in windowed(book) if rule.over == over]
        if not rules:
            return
        self._began = {text: time for text, time in self._began.items() if time <= earliest}
        with self._store.deciding() as decision:
            for rule in rules:
                state = decision.state(rule.name)
                if state is None or earliest >= state.evaluated_to:
                    continue
                reach = state.evaluated_to - self._settings.alerts.revise_age_max
                start = max(earliest, state.since, reach)
                if state.revise_from is None or start < state.revise_from:
                    decision.put_state(msgspec.structs.replace(state, revise_from=start))
        self._next = {}

    def turn(self) -> bool:
        """Look at all windows that are due; whether more are."""
        book, more = self._read_book(), False
        now = self._clock.monotonic()
        for rule in windowed(book):
            if self._is_closed:
                return False
            if not rule.enabled or self._retry_at.get(rule.name, 0.0) > now:
                continue
            try:
                more |= self._look(rule, book.zone_of(rule))
                self._told(rule.name, "")
            except Closed:
                raise
            except FootfallError as error:
                self._retry_at[rule.name] = now + RETRY_SECONDS
                if not isinstance(error, Unavailable) or self._watermark:
                    self._told(rule.name, str(error))
        return more

    def _run(self) -> None:
        while not self._is_closed:
            self._wake.wait(_IDLE_SECONDS)
            self._wake.clear()
            try:
                while self.turn():
                    pass
            except Closed:
                return
            except FootfallError:  # metadata is away: everything due stays due
                continue

    def _look(self, rule: RuleSettings, zone: str) -> bool:
        limit, waits = self._limit(rule), self._next
        if waits.get(rule, 0) > limit:
            return False
        with self._store.deciding() as decision:
            state = decision.state(rule.name)
            if state is None:
                state = StoredState(rule.name, self._clock.now_us(), 0, 0, None, None, "")
                decision.put_state(state)
        due = due_windows(rule, state, limit)
        if due is None:
            waits[rule] = (limit // rule.every_us + 1) * rule.every_us
            return False
        view = "events"
        if rule.over == "sessions":
            view = sessions_view(rule, self._settings.sessions.default)
        parts = needed(rule, due, zone)
        statement = measured(rule, view, parts)
        # A row at the edge of a part is in windows beyond it as well, which nobody asked for.
        rows_max = sum(len(part.ends(rule.every_us)) + 2 * OVERLAP_MAX for part in parts)
        found = self._ask(statement.text, statement.values, rows_max)
        windows = judged(rule, due, found, since=self._first_row(rule, view), zone=zone)
        with self._store.deciding() as decision:
            now = decision.state(rule.name) or state
            deciding = Deciding(
                decision, self._project, self._clock.now_us(), self._settings.alerts.waiting_max
            )
            known = decision.within(rule.name, due.first, due.last)
            candidates = [window_candidate(rule, window) for window in windows]
            changed = deciding.decide(rule, now, candidates, known)
            decision.put_state(_advanced(changed, state, due))
        if deciding.notices:
            self._on_notices()
        return due_windows(rule, _advanced(changed, state, due), limit) is not None

    def _first_row(self, rule: RuleSettings, view: str) -> int | None:
        statement, began = first_row(rule, view), self._began
        if statement not in began:
            found = self._ask(statement.text, statement.values, 1)
            if not found or found[0][0] is None:
                return None
            began[statement] = int(found[0][0])  # for nobody, if late events came meanwhile
        return began[statement]

    def _limit(self, rule: RuleSettings) -> int:
        if rule.over == "events":
            return self._watermark
        name = rule.definition or self._settings.sessions.default
        return self._closed_before.get(name, 0)

    def _told(self, rule: str, problem: str) -> None:
        """Note what is wrong with a rule, where people see it, when it changes."""
        problem = problem[:500]
        if self.problems.get(rule) == problem:
            return
        with self._store.deciding() as decision:
            state = decision.state(rule)
            if state is not None and state.problem != problem:
                decision.put_state(msgspec.structs.replace(state, problem=problem))
        self.problems[rule] = problem


def windowed(book: RuleBook) -> list[RuleSettings]:
    """Rules over measures."""
    return [rule for rule in book.rules.values() if rule.kind != "session"]


def due_windows(rule: RuleSettings, state: StoredState, limit: int) -> Windows | None:
    """Those that are to be looked at, the oldest `WINDOWS_A_TURN`; none if there are none."""
    every = rule.every_us
    done = state.evaluated_to or state.since
    start = done if state.revise_from is None else min(done, state.revise_from)
    first = start // every * every + every
    last = limit // every * every
    last = min(last, first + (WINDOWS_A_TURN - 1) * every)
    return None if last < first else Windows(first, last)


def _advanced(state: StoredState, seen: StoredState, done: Windows) -> StoredState:
    """How far a rule is after windows were looked at.

    What became late meanwhile stays to be looked at. `seen` is what the windows were chosen by.
    """
    revise = state.revise_from
    if revise == seen.revise_from and revise is not None:
        revise = done.last if done.last < state.evaluated_to else None
    return msgspec.structs.replace(
        state, evaluated_to=max(state.evaluated_to, done.last), revise_from=revise
    )
