"""Events in a cut, an engine over it, and questions put to it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from footfall.explore.asking import Ask, answering, opening
from footfall.explore.found import Found
from footfall.query.engine import Engine
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.query.cuts import CutWriter, query_settings, sessions

NOW = NOON_US + 400 * 86_400_000_000


class Shop:
    """One project whose events can be replaced."""

    def __init__(self, root: Any) -> None:
        self.writer = CutWriter(root)
        self.engine = Engine(self.writer.home, "default", query_settings())
        self.published_at: int | None = None
        """When answers take their cut to be published; null: as it was. `set` forgets it."""

    def set(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Make these all that was ever received; the rows as the oracle wants them."""
        complete = [completed(number, row) for number, row in enumerate(rows)]
        self.writer.tail, self.writer.hot, self.published_at = {}, (), None
        columns = [{k: v for k, v in row.items() if k not in EXTRA} for row in complete]
        self.writer.to_tail("events", event_table(columns))
        known = {row["session_id"]: row for row in complete if row["session_id"]}
        if known:
            self.writer.add_hot(
                sessions(
                    [
                        {"session_id": one, "entry_page": row["__session"]["entry_page"]}
                        for one, row in known.items()
                    ],
                    hot=True,
                )
            )
        self.writer.publish()
        return complete

    def answer(self, question: Any, now: int = NOW) -> Any:
        return self.run(answering(question, now))

    def run_with(self, question: Any, now: int, shelf: Any) -> Any:
        """The answer, where a question may name segments."""
        return self.run(answering(question, now, shelf))

    def members(self, question: Any, cell: str, now: int = NOW, **named: Any) -> Any:
        return self.run(opening(question, cell, now, **named))

    def run(self, asking: Generator[Ask, Found, Any]) -> Any:
        try:
            ask = next(asking)
            while True:
                ask = asking.send(self._dated(self.found(ask)))
        except StopIteration as end:
            return end.value

    def _dated(self, found: Found) -> Found:
        if self.published_at is None:
            return found
        return msgspec.structs.replace(found, cut_published_at=self.published_at)

    def found(self, ask: Ask) -> Found:
        made = self.engine.run(ask.sql, ask.values, rows_max=ask.rows_max)
        columns = [column.to_pylist() for column in made.table.columns]
        rows = [list(row) for row in zip(*columns, strict=True)]
        return Found(rows, made.is_cut_off, made.cut_sequence, made.cut_published_at)


EXTRA = ("event_text", "session_text", "__session")


def completed(number: int, row: dict[str, Any]) -> dict[str, Any]:
    """A row with everything that order, oracle and table need; `session` is a name."""
    given = {key: value for key, value in row.items() if key != "session"}
    session = None if row.get("session") is None else uuid_of(f"session {row['session']}")
    event_id = uuid_of(f"event {number}")
    return {
        "event_name": "view",
        "app_id": "shop",
        "visitor_id": None,
        "user_id": None,
        "is_bot": False,
        "received_at": given.get("event_time", NOON_US),
        "request_id": uuid_of(f"request {number}"),
        "request_index": 0,
        "event_time": NOON_US,
        "event_id": event_id,
        "session_id": session,
        "session_text": None if session is None else str(UUID(bytes=session)),
        "event_text": str(UUID(bytes=event_id)),
        "__session": {"entry_page": None if session is None else f"/{row['session']}"},
        **given,
    }
