"""The open epoch as readers see it.

Each micro-batch with provisional sessions, until the epoch's truth replaces it.
"""

from __future__ import annotations

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from footfall.event import conform
from footfall.lake.cut import HOT_SCHEMA
from footfall.ledger import Ledger
from footfall.pipeline.epoch.epoch import Ingested, join
from footfall.pipeline.epoch.overrides import OverrideSet
from footfall.pipeline.preview.opened import Opened, opened_by
from footfall.sessionize import Definitions, SessionStates, key_of


class SessionChanges(msgspec.Struct, frozen=True):
    """What became of sessions of one definition."""

    touched: pa.Table
    """Sessions as they are now, `SESSION_SCHEMA`."""
    removed: pa.Table
    """Sessions that are gone, `REMOVED_SCHEMA`."""


class PreviewBatch(msgspec.Struct, frozen=True):
    """What one micro-batch adds to the cut."""

    events: pa.Table
    """`EVENT_SCHEMA`, sessions as known now."""
    failures: pa.Table
    sessions: dict[str, SessionChanges]
    """By key of the definition."""
    is_renaming: bool
    """Earlier events have other sessions now: the overrides changed."""


class Preview:
    """Micro-batches since the last epoch, on top of its state and overrides.

    Those that were *put off* belong to the open epoch and wait to be shown: sessions and files for
    readers cost a third of the work, and who is behind has better things to do.
    """

    def __init__(
        self,
        states: SessionStates,
        overrides: OverrideSet,
        epoch: int,
        definitions: Definitions,
    ) -> None:
        """Start empty. `epoch` is the number the open epoch will have."""
        self._parts: list[Ingested] = []
        self._put_off: list[Ingested] = []
        self._shown = Ledger()
        self._bytes = 0
        self._states = states
        self._epoch = epoch
        self._definitions = definitions
        self.overrides = overrides.copy()
        self.opened: list[tuple[str, Opened]] = []
        """Sessions that came and went, by key of the definition; who reads it empties it."""

    def put_off(self, ingested: Ingested) -> None:
        """Take one micro-batch; `show` gives it sessions."""
        self._parts.append(ingested)
        self._put_off.append(ingested)
        self._bytes += ingested.events.nbytes + ingested.failures.nbytes

    def show(self, *, is_counting: bool = False) -> PreviewBatch:
        """Give sessions to all that was put off, as if it were one micro-batch.

        With `is_counting`, `opened` has what it made of them.
        """
        ingested = join(self._put_off)
        self._put_off = []
        self._shown += ingested.ledger
        found = {
            key_of(one): one.sessionize(self._states[key_of(one)], ingested.events)
            for one in self._definitions
        }
        if is_counting:
            before = self._states
            self.opened += [(key, opened_by(before[key], one)) for key, one in found.items()]
        self._states = SessionStates({key: sessions.state for key, sessions in found.items()})
        default = self._definitions.default
        sessions = found[key_of(default)]
        self.overrides.add(sessions.overrides, self._epoch)
        return PreviewBatch(
            default.assign(ingested.events, sessions.state),
            ingested.failures,
            {key: SessionChanges(one.touched, one.removed) for key, one in found.items()},
            sessions.overrides.num_rows > 0,
        )

    def take(self) -> Ingested:
        """Everything since the last `take` as one: the epoch that is closed now.

        Sessions stay as they are: what comes meanwhile is previewed on top of them.
        """
        taken = join(self._parts)
        self._parts, self._bytes = [], 0
        self._epoch += 1
        return taken

    @property
    def parts(self) -> tuple[Ingested, ...]:
        """Micro-batches since the last `take`."""
        return tuple(self._parts)

    @property
    def events(self) -> int:
        """Events since the last `take`."""
        return sum(part.events.num_rows for part in self._parts)

    @property
    def bytes(self) -> int:
        """Memory that events and failures since the last `take` occupy, in bytes."""
        return self._bytes

    @property
    def states(self) -> SessionStates:
        """Provisional states after the last micro-batch."""
        return self._states

    @property
    def shown(self) -> Ledger:
        """Sum over all that has sessions, taken or not."""
        return self._shown

    @property
    def has_put_off(self) -> bool:
        """Whether anything waits for `show`."""
        return bool(self._put_off)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added since the last `take`."""
        return not self._parts


def hot_rows(touched: pa.Table, removed: pa.Table, sequence: int) -> pa.Table:
    """Rows for a cut's `hot` file.

    Sessions as they are now, and placeholders for those that are gone.
    """
    alive = _flag(touched, is_removed=False, sequence=sequence)
    if removed.num_rows == 0:
        return alive
    return pa.concat_tables(
        [alive, _flag(_placeholders(removed), is_removed=True, sequence=sequence)]
    )


def _flag(sessions: pa.Table, *, is_removed: bool, sequence: int) -> pa.Table:
    rows = sessions.num_rows
    flagged = sessions.append_column("is_removed", pa.array([is_removed] * rows, pa.bool_()))
    return conform(
        flagged.append_column("sequence", pa.array([sequence] * rows, pa.int64())), HOT_SCHEMA
    )


def _placeholders(removed: pa.Table) -> pa.Table:
    """Rows that satisfy the schema and carry only the id, the app and the visitor."""
    columns, names = [], []
    for field in HOT_SCHEMA:
        if field.name in ("is_removed", "sequence"):
            continue
        names.append(field.name)
        if field.name in removed.column_names:
            columns.append(removed.column(field.name).cast(field.type))
        elif field.nullable:
            columns.append(pa.nulls(removed.num_rows, field.type))
        else:
            columns.append(pc.fill_null(pa.nulls(removed.num_rows, field.type), _zero(field.type)))
    return pa.table(columns, names=names)


def _zero(kind: pa.DataType) -> pa.Scalar:
    if pa.types.is_string(kind):
        return pa.scalar("", kind)
    if pa.types.is_boolean(kind):
        return pa.scalar(False, kind)
    return pa.scalar(0, pa.int64()).cast(kind)
