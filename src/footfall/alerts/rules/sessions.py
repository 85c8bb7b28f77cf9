"""Rules over sessions: looked at as sessions close, and again, exactly, as epochs are committed.

    provisional rows, within a second     fire what holds; noted as seen at this watermark
    rows of an epoch                      fire what holds and was not seen; what was seen is certain
                                          withdraw what holds no more, whatever changed it

What was seen at a watermark that an epoch has reached, and is not among the epoch's rows, was never
a session: events that came in between gave it another id, or joined it to another. It is the new
session's firing if the rule holds of that, and is withdrawn if not.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from footfall.alerts.book import RuleBook
from footfall.alerts.rules.deciding import FIRING, Deciding
from footfall.alerts.rules.judging import Candidate, session_candidate
from footfall.alerts.rules.statements import TOLD, sessions_that_hold, sessions_view
from footfall.clock import SECOND, Clock
from footfall.columns import SESSION_COLUMNS
from footfall.errors import FootfallError
from footfall.metadata.alerts.reads import StoredFiring
from footfall.metadata.alerts.store import AlertStore
from footfall.query.rows_engine import RowsEngine
from footfall.settings import QuerySettings, RuleSettings, Settings

CONDITION_TIME_MAX: Final = 2 * SECOND
"""Of one condition over the sessions of one micro-batch or epoch."""
_details = msgspec.json.Decoder(dict[str, Any])


class SessionRules:
    """Evaluates rules over sessions; for one thread."""

    def __init__(self, store: AlertStore, settings: Settings, project: str, clock: Clock) -> None:
        """Open no engine yet."""
        self._store = store
        self._settings = settings
        self._project = project
        self._clock = clock
        self._engines: dict[str, RowsEngine] = {}
        self._heirs: set[str] = set()
        """Firings that another session has now."""
        self.problems: dict[str, str] = {}
        """Why a rule could not be looked at, by its name."""

    def closing(self, book: RuleBook, rows: Mapping[str, pa.Table], watermark: int) -> int:
        """Fire for sessions that closed just now; how many channels are to be told something.

        Args:
            book: The rules.
            rows: Provisional sessions, by definition.
            watermark: At which they are closed.
        """
        found = self._holding(book, rows)
        if not any(found.values()):
            return 0
        with self._store.deciding() as decision:
            deciding = self._deciding(decision)
            for rule, holding in _by_rule(book, found):
                state = deciding.state(rule)
                fresh = [one for one in holding if one.at >= state.since]
                known = decision.firings(rule.name, [one.subject for one in fresh])
                changed = deciding.decide(rule, state, fresh, known, watermark)
                decision.put_state(changed)
        return deciding.notices

    def committed(
        self,
        book: RuleBook,
        rows: Mapping[str, pa.Table],
        removed: pa.Table | None,
        watermark: int,
    ) -> int:
        """Fire and withdraw by an epoch's rows; how many channels are to be told something.

        Args:
            book: The rules.
            rows: Its sessions, by definition.
            removed: Its `session_changes`.
            watermark: The epoch's.
        """
        found = self._holding(book, rows)
        changed = _changed(rows, removed)
        with self._store.deciding() as decision:
            seen = decision.provisional(watermark)
            if not (seen or changed or any(found.values())):
                return 0
            unsure = {one.delivery_id: one for one in (*seen, *decision.about(changed))}
            deciding = self._deciding(decision)
            for rule, holding in _by_rule(book, found):
                mine = [one for one in unsure.values() if one.rule == rule.name]
                left = self._moved(deciding, rule, mine, holding)
                state = deciding.state(rule)
                known = decision.firings(rule.name, [one.subject for one in left])
                fresh = [one for one in left if one.subject in known or one.at >= state.since]
                decision.put_state(deciding.decide(rule, state, fresh, known))
            held = {(name, one.subject) for name, holding in found.items() for one in holding}
            for name in {one.rule for one in unsure.values()} - set(found):
                if name in book.rules:  # disabled, or its condition failed: nothing is known
                    held |= {(name, one.subject) for one in unsure.values() if one.rule == name}
            self._withdraw(deciding, book, unsure.values(), held)
        return deciding.notices

    def close(self) -> None:
        """Free the engines."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()

    def _deciding(self, decision: Any) -> Deciding:
        now = self._clock.now_us()
        return Deciding(decision, self._project, now, self._settings.alerts.waiting_max)

    def _moved(
        self,
        deciding: Deciding,
        rule: RuleSettings,
        unsure: Sequence[StoredFiring],
        holding: list[Candidate],
    ) -> list[Candidate]:
        """Give firings whose session is gone to the session that has its time now."""
        subjects = {one.subject for one in holding}
        gone: dict[tuple[str, str], list[_Gone]] = {}
        for old in unsure:
            if old.state == FIRING and old.subject not in subjects:
                was = _details.decode(old.details)
                gone.setdefault(_visitor(was), []).append(_Gone(old, was))
        taken = {one.subject for one in unsure}
        left = []
        for one in holding:
            # Of the same visitor: they are few, however many sessions changed.
            lost = gone.get(_visitor(one.details), []) if one.subject not in taken else []
            heir_of = next((old for old in lost if old.overlaps(one)), None)
            if heir_of is None:
                left.append(one)
            else:
                lost.remove(heir_of)
                deciding.move(heir_of.firing, one)
                self._heirs.add(heir_of.firing.delivery_id)
        return left

    def _withdraw(
        self,
        deciding: Deciding,
        book: RuleBook,
        unsure: Iterable[StoredFiring],
        held: set[tuple[str, str]],
    ) -> None:
        for one in unsure:
            is_gone = one.state == FIRING and (one.rule, one.subject) not in held
            if is_gone and one.delivery_id not in self._heirs and one.rule in book.rules:
                deciding.withdraw(book.rules[one.rule], one)
        self._heirs.clear()

    def _holding(self, book: RuleBook, rows: Mapping[str, pa.Table]) -> dict[str, list[Candidate]]:
        """Sessions that each rule holds of; a rule whose condition fails is not there."""
        sessions = self._settings.sessions
        found: dict[str, list[Candidate]] = {}
        for rule in book.rules.values():
            definition = rule.definition or sessions.default
            if rule.kind != "session" or not rule.enabled or definition not in sessions.named:
                continue
            table = rows.get(definition)
            lag = sessions.named[definition].gap or sessions.named[definition].span
            try:
                found[rule.name] = self._matching(rule, definition, table, lag)
            except FootfallError as error:
                self.problems[rule.name] = str(error)
            else:
                self.problems.pop(rule.name, None)
        return found

    def _matching(
        self, rule: RuleSettings, definition: str, table: pa.Table | None, lag: int
    ) -> list[Candidate]:
        if table is None or not table.num_rows:
            return []
        view = sessions_view(rule, self._settings.sessions.default)
        engine = self._engines.get(definition)
        if engine is None:
            engine = self._engines[definition] = RowsEngine(
                view, SESSION_COLUMNS, self._limits(), {"status": "closed"}
            )
        engine.show(table)
        statement = sessions_that_hold(rule, view)
        found = engine.run(statement.text, statement.values)
        return [session_candidate(dict(zip(TOLD, row, strict=True)), lag) for row in found]

    def _limits(self) -> QuerySettings:
        return msgspec.structs.replace(
            self._settings.query,
            time_max=CONDITION_TIME_MAX,
            memory_max=self._settings.alerts.memory_max,
            threads=1,
        )


def _by_rule(
    book: RuleBook, found: Mapping[str, list[Candidate]]
) -> Iterable[tuple[RuleSettings, list[Candidate]]]:
    return ((book.rules[name], holding) for name, holding in found.items())


def _changed(rows: Mapping[str, pa.Table], removed: pa.Table | None) -> list[str]:
    """Ids of sessions that are written anew, or gone."""
    tables = [
        table.filter(pc.greater(table["revision"], 1)) for table in rows.values() if table.num_rows
    ]
    if removed is not None:
        tables.append(removed)
    return [text_of(one) for table in tables for one in table["session_id"].to_pylist()]


def text_of(session_id: Any) -> str:
    """A session's id as SQL shows it."""
    if isinstance(session_id, bytes):
        return str(uuid.UUID(bytes=session_id))
    return str(session_id)


class _Gone(msgspec.Struct):
    """A firing whose session is no more, or not as it was."""

    firing: StoredFiring
    was: dict[str, Any]

    def overlaps(self, one: Candidate) -> bool:
        """Whether its session and another are of the same time."""
        before, after = self.was, one.details
        starts_in_time: bool = before["started_at"] <= after["ended_at"]
        return starts_in_time and after["started_at"] <= before["ended_at"]


def _visitor(details: Mapping[str, Any]) -> tuple[str, str]:
    return str(details.get("app_id")), str(details.get("visitor_id"))
