"""Writing what is known of alerts: each call is one transaction, on stable storage when it returns.

A decision (which firings there are, and who is to be told) and how far it reaches are one
transaction. So a process that dies has either decided nothing, and is given the same again, or
everything, with the notices waiting to be sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from footfall.errors import Invalid
from footfall.metadata.alerts.reads import StoredFiring, StoredState
from footfall.metadata.database.insert import insert
from footfall.metadata.database.tables import (
    alert_channels,
    alert_firings,
    alert_notices,
    alert_rules,
    alert_states,
)
from footfall.metadata.store import Metadata

_LOOKED_UP_MAX: Final = 500
"""Values in one IN: SQLite binds a bounded number."""


class Notice(msgspec.Struct, frozen=True):
    """Something to tell one channel."""

    delivery_id: str
    sequence: int
    channel: str
    body: str
    """JSON."""
    tries: int = 0
    created_at: int = 0


class Decision:
    """One transaction of the evaluator: reads what was decided before, and adds to it."""

    def __init__(self, connection: Connection, project: str) -> None:
        """Use `AlertStore.deciding`."""
        self._connection = connection
        self._project = project
        self._firings_put: dict[str, dict[str, Any]] = {}
        self._notices_put: list[dict[str, Any]] = []

    def firings(self, rule: str, subjects: Collection[str]) -> dict[str, StoredFiring]:
        """Known ones of a rule, by subject."""
        found: dict[str, StoredFiring] = {}
        for some in _chunks(subjects):
            query = self._firings().where(
                alert_firings.c.rule == rule, alert_firings.c.subject.in_(some)
            )
            found |= {one.subject: one for one in self._read(query)}
        return found

    def about(self, subjects: Collection[str]) -> list[StoredFiring]:
        """Known ones of any rule."""
        return [
            one
            for some in _chunks(subjects)
            for one in self._read(self._firings().where(alert_firings.c.subject.in_(some)))
        ]

    def provisional(self, watermark: int) -> list[StoredFiring]:
        """Those seen before their epoch, at `watermark` or earlier."""
        seen = alert_firings.c.provisional_at
        return self._read(self._firings().where(seen.is_not(None), seen <= watermark))

    def within(self, rule: str, start: int, end: int) -> dict[str, StoredFiring]:
        """Of a rule that fired from `start` up to and with `end`, by subject."""
        at = alert_firings.c.at
        query = self._firings().where(alert_firings.c.rule == rule, at >= start, at <= end)
        return {one.subject: one for one in self._read(query)}

    def waiting(self) -> int:
        """Notices that were not sent yet."""
        self.flush()
        query = select(func.count()).select_from(alert_notices)
        query = query.filter_by(project=self._project, state="waiting")
        return int(self._connection.execute(query).scalar_one())

    def state(self, rule: str) -> StoredState | None:
        """How far a rule is."""
        table = alert_states
        row = self._connection.execute(
            select(table).filter_by(project=self._project, rule=rule)
        ).first()
        return None if row is None else StoredState(*row[1:])

    def put_firing(self, firing: StoredFiring) -> None:
        """Add it, or replace the one of the same id."""
        values = msgspec.structs.asdict(firing)
        self._firings_put[firing.delivery_id] = values | {"project": self._project}

    def put_state(self, state: StoredState) -> None:
        """Replace it."""
        values = msgspec.structs.asdict(state)
        _put(self._connection, alert_states, values | {"project": self._project})

    def put_notices(self, notices: Iterable[Notice], now: int) -> None:
        """To be sent from now on; one that is there already stays as it is."""
        more = {"project": self._project, "created_at": now, "due_at": now}
        more |= {"state": "waiting", "error": ""}
        self._notices_put += [msgspec.structs.asdict(notice) | more for notice in notices]

    def flush(self) -> None:
        """Write what was put: all at once, as thousands may fire together."""
        firings, notices = [*self._firings_put.values()], self._notices_put
        self._firings_put, self._notices_put = {}, []
        if firings:
            self._connection.execute(_upsert(self._connection, alert_firings), firings)
        if notices:
            row = insert(self._connection, alert_notices).on_conflict_do_nothing()
            self._connection.execute(row, notices)

    def _firings(self) -> Any:
        return select(alert_firings).where(alert_firings.c.project == self._project)

    def _read(self, query: Any) -> list[StoredFiring]:
        self.flush()
        return [StoredFiring(*row[1:]) for row in self._connection.execute(query)]


class AlertStore:
    """Of one project."""

    def __init__(self, metadata: Metadata, project: str) -> None:
        """Write nothing yet."""
        self._metadata = metadata
        self._project = project

    @contextmanager
    def deciding(self) -> Iterator[Decision]:
        """One transaction; nothing of it counts if its block raises."""
        with self._metadata._transaction() as connection:
            decision = Decision(connection, self._project)
            yield decision
            decision.flush()

    def begin(self, rules: Collection[str], now: int) -> None:
        """From now on these fire, if they did not before."""
        with self.deciding() as decision:
            for rule in rules:
                if decision.state(rule) is None:
                    decision.put_state(StoredState(rule, now, 0, 0, None, None, ""))

    def put_rule(self, rule: str, options: str, now: int, *, is_anew: bool = False) -> None:
        """Add or replace a rule; from now on it fires.

        With `is_anew` it fires for nothing before now, even if it was looked at before.
        """
        self._put_named(alert_rules, "rule", rule, options, now)
        self.begin([rule], now)
        if is_anew:
            with self.deciding() as decision:
                if state := decision.state(rule):
                    fresh = {"since": now, "evaluated_to": 0, "revise_from": None}
                    decision.put_state(msgspec.structs.replace(state, **fresh))

    def remove_rule(self, rule: str) -> None:
        """Forget a rule; its firings stay. Raises `Invalid` if there is none."""
        self._remove_named(alert_rules, "rule", rule)
        with self._metadata._transaction() as connection:
            connection.execute(delete(alert_states).filter_by(project=self._project, rule=rule))

    def put_channel(self, channel: str, options: str, now: int) -> None:
        """Add or replace a channel."""
        self._put_named(alert_channels, "channel", channel, options, now)

    def remove_channel(self, channel: str) -> None:
        """Forget a channel; what waits for it is dead. Raises `Invalid` if there is none."""
        self._remove_named(alert_channels, "channel", channel)

    def mute(self, rule: str, until: int, now: int) -> None:
        """Tell nobody of a rule's firings until then; 0 ends it."""
        with self.deciding() as decision:
            state = decision.state(rule) or StoredState(rule, now, 0, 0, None, None, "")
            decision.put_state(msgspec.structs.replace(state, muted_until=until))

    def acknowledge(self, delivery_ids: Collection[str], by: str, now: int) -> int:
        """Note that a person has seen firings; how many were not acknowledged before."""
        done = 0
        with self._metadata._transaction() as connection:
            for some in _chunks(delivery_ids):
                query = update(alert_firings).where(
                    alert_firings.c.project == self._project,
                    alert_firings.c.delivery_id.in_(some),
                    alert_firings.c.acknowledged_at.is_(None),
                )
                answer = connection.execute(query.values(acknowledged_at=now, acknowledged_by=by))
                done += answer.rowcount
        return done

    # The outbox

    def due(self, now: int, limit: int) -> dict[str, list[Notice]]:
        """Notices to be sent now, by channel, oldest first; at most `limit` of each."""
        table = alert_notices
        waiting = (table.c.project == self._project, table.c.state == "waiting")
        found: dict[str, list[Notice]] = {}
        with self._metadata._transaction() as connection:
            query = select(table.c.channel).where(*waiting, table.c.due_at <= now).distinct()
            for channel in connection.execute(query).scalars().all():
                columns = (table.c[name] for name in Notice.__struct_fields__)
                of = select(*columns).where(
                    *waiting, table.c.channel == channel, table.c.due_at <= now
                )
                order = (table.c.due_at, table.c.created_at, table.c.delivery_id, table.c.sequence)
                rows = connection.execute(of.order_by(*order).limit(limit))
                found[channel] = [Notice(*row) for row in rows]
        return found

    def sent(self, notices: Iterable[Notice], now: int) -> None:
        """They arrived."""
        self._mark(notices, {"state": "sent", "sent_at": now, "error": ""})

    def failed(
        self, notices: Iterable[Notice], error: str, due_at: int, *, is_try: bool = True
    ) -> None:
        """They did not; try again at `due_at`. Without `is_try` it is not counted against them."""
        self._mark(notices, {"error": error, "due_at": due_at}, tries=int(is_try))

    def dead(self, notices: Iterable[Notice], error: str) -> None:
        """They are not tried again."""
        self._mark(notices, {"state": "dead", "error": error})

    def revive(self, now: int) -> int:
        """Try dead notices again, as if they were new; how many."""
        table = alert_notices
        query = update(table).where(table.c.project == self._project, table.c.state == "dead")
        values = {"state": "waiting", "tries": 0, "due_at": now, "created_at": now}
        with self._metadata._transaction() as connection:
            return connection.execute(query.values(**values)).rowcount

    def forget(self, before: int) -> None:
        """Remove firings that were noted before, and their notices."""
        old = select(alert_firings.c.delivery_id).where(
            alert_firings.c.project == self._project, alert_firings.c.noted_at < before
        )
        with self._metadata._transaction() as connection:
            connection.execute(
                delete(alert_notices).where(
                    alert_notices.c.project == self._project,
                    alert_notices.c.delivery_id.in_(old),
                )
            )
            connection.execute(
                delete(alert_firings).where(
                    alert_firings.c.project == self._project, alert_firings.c.noted_at < before
                )
            )

    def _mark(
        self, notices: Iterable[Notice], values: Mapping[str, Any], *, tries: int = 1
    ) -> None:
        table = alert_notices
        keys = ("delivery_id", "sequence", "channel")
        query = (
            update(table)
            .where(table.c.project == self._project)
            .where(*(table.c[key] == bindparam(f"the_{key}") for key in keys))
            .values(tries=table.c.tries + tries, **values)
        )
        rows = [{f"the_{key}": getattr(notice, key) for key in keys} for notice in notices]
        if rows:
            with self._metadata._transaction() as connection:
                connection.execute(query, rows)

    def _put_named(self, table: Table, what: str, name: str, options: str, now: int) -> None:
        values = {"project": self._project, what: name, "options": options, "updated_at": now}
        with self._metadata._transaction() as connection:
            _put(connection, table, values)

    def _remove_named(self, table: Table, what: str, name: str) -> None:
        with self._metadata._transaction() as connection:
            query = delete(table).filter_by(project=self._project, **{what: name})
            if not connection.execute(query).rowcount:
                raise Invalid(f"no {what} of this name was added; list shows them: {what}={name}")


def _put(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    connection.execute(_upsert(connection, table), [values])


def _upsert(connection: Connection, table: Table) -> Any:
    keys = [column.name for column in table.primary_key]
    row = insert(connection, table)
    others = {one.name: row.excluded[one.name] for one in table.c if one.name not in keys}
    return row.on_conflict_do_update(index_elements=keys, set_=others)


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    listed = list(values)
    for first in range(0, len(listed), _LOOKED_UP_MAX):
        yield listed[first : first + _LOOKED_UP_MAX]
