"""Run a step over events: those it fails for become failed events, the others do not notice.

A step is somebody's function; it may raise for one odd event among thousands. Which one is found by
halving: first the batch between requests, then a request between events. An event's outcome is what
its request alone would give, so it does not depend on what else came with it, and an epoch that is
done again, in other batches, has the same rows. Of one request at most `TRIES_MAX` parts are tried;
a part that fails and can be halved no more fails as a whole.

What a step gives back is checked: a value for each row, the columns it declares and no others, in
the types it declares. To break that is a fault of the step, and said so in the failed event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.enrich.failures import refused
from footfall.enrich.step import Columns, Step
from footfall.event import EVENT_SCHEMA, FailureReason

TRIES_MAX: Final = 256
"""Parts of one request that are tried: enough for a dozen events at fault among 5,000."""
TEXT_BYTES_MAX: Final = 64 * 1024
"""Longest text that a step may give, as of those that are sent."""
MESSAGE_CHARACTERS_MAX: Final = 300
_ADDRESS: Final = re.compile(r"0x[0-9a-f]+")
"""Of an object in memory: another one when the epoch is done again."""


class StepFault(Exception):  # noqa: N818 (read as what happens)
    """A step gave back what it must not."""


class Rows(msgspec.Struct, frozen=True):
    """Events on their way through the steps.

    What steps make is put into the table at the end, in one go: a change of a table of a hundred
    columns costs as much as a step does.
    """

    table: pa.Table
    made: Mapping[str, pa.Array | pa.ChunkedArray] = {}
    """Columns that are not in `table` yet, or there as they were."""

    def whole(self) -> pa.Table:
        """The table with everything."""
        if not self.made:
            return self.table
        names = self.table.column_names
        columns = {**dict(zip(names, self.table.columns, strict=True)), **self.made}
        return pa.Table.from_arrays(list(columns.values()), names=list(columns))


class Stepped(msgspec.Struct, frozen=True):
    """Events after a step."""

    rows: Rows
    failures: pa.Table | None
    """`FAILED_SCHEMA`, in log order; `None` if there are none."""


def run_step(step: Step, settings: Any, rows: Rows) -> Stepped:
    """Give events the columns of a step; take out those it fails for."""
    given = _given(step, rows)
    try:
        columns = _tried(step, settings, given)
    except MemoryError:
        raise
    except Exception:  # supervisor: whatever a step does
        return _halved(step, settings, rows.whole(), given)
    return Stepped(Rows(rows.table, {**rows.made, **columns}), None)


def _given(step: Step, rows: Rows) -> pa.Table:
    """What the step sees; a column that a step before it would have made is null without that."""
    columns = []
    for name in step.reads:
        if name in rows.made:
            columns.append(rows.made[name])
        elif rows.table.schema.get_field_index(name) >= 0:
            columns.append(rows.table.column(name))
        else:
            columns.append(pa.nulls(rows.table.num_rows, EVENT_SCHEMA.field(name).type))
    return pa.Table.from_arrays(columns, names=list(step.reads))


def _tried(step: Step, settings: Any, given: pa.Table) -> Columns:
    columns = step.run(given, settings)
    _check(step, columns, given.num_rows)
    return columns


def _check(step: Step, columns: object, rows: int) -> None:
    if not isinstance(columns, Mapping):
        raise StepFault(f"it gave a {type(columns).__name__}; give a dict of columns by name")
    declared = {field.name: field for field in step.writes}
    if extra := sorted(map(str, columns.keys() - declared.keys())):
        raise StepFault(f"it gave columns that it does not declare in writes: {', '.join(extra)}")
    if missing := sorted(declared.keys() - columns.keys()):
        raise StepFault(f"it did not give columns that it declares: {', '.join(missing)}")
    for name, field in declared.items():
        values = columns[name]
        if not isinstance(values, pa.Array | pa.ChunkedArray):
            raise StepFault(f"{name} is a {type(values).__name__}; give a pyarrow array")
        if len(values) != rows:
            raise StepFault(f"{name} has {len(values)} values for {rows} events")
        if values.type != field.type:
            raise StepFault(f"{name} is {values.type}; it declares {field.type}")
        if values.null_count and not field.nullable:
            raise StepFault(f"{name} has nulls; every event needs a value there")
        if values.type == pa.string() and values.nbytes > TEXT_BYTES_MAX:
            longest = pc.max(pc.binary_length(values)).as_py() or 0
            if longest > TEXT_BYTES_MAX:
                raise StepFault(
                    f"{name} has a text of {longest} bytes, of {TEXT_BYTES_MAX} at most"
                )


class _Halving:
    """Looks for the events that a step fails for, and keeps what it makes of the others."""

    def __init__(self, step: Step, settings: Any, given: pa.Table) -> None:
        self._step, self._settings, self._given = step, settings, given
        self.passed: list[tuple[int, int, Columns]] = []
        """First and last row, and their columns, in order."""
        self.failed: list[tuple[int, int, str]] = []
        """The same with what was wrong."""

    def between_requests(self, ends: list[int], start: int) -> None:
        """Try rows from `start` to the last of `ends`, which are where requests end."""
        why = self._passes(start, ends[-1])
        if why is None:
            return
        if len(ends) == 1:
            self._between_events(start, ends[0], why)
            return
        middle = len(ends) // 2
        self.between_requests(ends[:middle], start)
        self.between_requests(ends[middle:], ends[middle - 1])

    def _between_events(self, start: int, stop: int, why: str) -> None:
        """Settle one request, which fails as a whole."""
        tries, failing = 1, [(start, stop, why)]
        while failing:
            first, last, why = failing.pop()
            if last - first == 1 or tries >= TRIES_MAX:
                self.failed.append((first, last, why))
                continue
            middle = (first + last) // 2
            for part in ((middle, last), (first, middle)):
                tries += 1
                found = self._passes(*part)
                if found is not None:
                    failing.append((*part, found))

    def _passes(self, start: int, stop: int) -> str | None:
        """What goes wrong with these rows; `None`: nothing, and they are done."""
        part = self._given.slice(start, stop - start)
        try:
            columns = _tried(self._step, self._settings, part)
        except MemoryError:
            raise
        except StepFault as error:
            return str(error)
        except Exception as error:  # supervisor: whatever a step does
            return _ADDRESS.sub("0x…", f"{type(error).__name__}: {error}")
        self.passed.append((start, stop, columns))
        return None


def _halved(step: Step, settings: Any, events: pa.Table, given: pa.Table) -> Stepped:
    halving = _Halving(step, settings, given)
    halving.between_requests(_request_ends(events), 0)
    halving.passed.sort(key=lambda part: part[0])
    kept = [events.slice(start, stop - start) for start, stop, _ in halving.passed]
    parts = [
        Rows(rows, columns).whole()
        for rows, (_, _, columns) in zip(kept, halving.passed, strict=True)
    ]
    if not parts:
        empty = {field.name: pa.array([], field.type) for field in step.writes}
        parts = [Rows(events.slice(0, 0), empty).whole()]
    if not halving.failed:  # whatever it was, no part fails by itself
        return Stepped(Rows(pa.concat_tables(parts)), None)
    halving.failed.sort()
    failed = pa.concat_tables(
        [events.slice(start, stop - start) for start, stop, _ in halving.failed]
    )
    messages = [
        _message(step, why) for start, stop, why in halving.failed for _ in range(start, stop)
    ]
    failures = refused(failed, FailureReason.ENRICHMENT, messages, None)
    return Stepped(Rows(pa.concat_tables(parts)), failures)


def _message(step: Step, why: str) -> str:
    cut = why if len(why) <= MESSAGE_CHARACTERS_MAX else f"{why[:MESSAGE_CHARACTERS_MAX]}…"
    return f"enrichment step {step.name} failed: {cut}"


def _request_ends(events: pa.Table) -> list[int]:
    """Where each request's events end; they stand together."""
    offsets = events.column("log_offset").to_numpy()
    ends: list[int] = (np.flatnonzero(np.diff(offsets)) + 1).tolist()
    return [*ends, len(offsets)]
