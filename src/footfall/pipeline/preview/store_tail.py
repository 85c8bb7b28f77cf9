"""The tail in the lake's store, where readers of any machine find it; see `shared_cut`.

As `Tail`, but what is written is there before a cut names it, and a cut replaces no newer one.
Names have the term, plans too: nobody writes over a file, so nobody reads half of another one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import msgspec
import pyarrow as pa
from pyarrow import ipc

from footfall.clock import SECOND, Clock
from footfall.errors import Corrupt
from footfall.lake.cut import PLAN_PREFIX, Cut, Plan
from footfall.lake.shared_cut import SharedCut
from footfall.lake.store.store import Store
from footfall.pipeline.preview.tail import LOST_CUTS_MAX


class StoreTail:
    """Writer of one project's files beside the lake; the one with the highest term wins."""

    def __init__(self, store: Store, project: str, clock: Clock, grace: int, term: int = 0) -> None:
        """Look how far the cuts are.

        Args:
            store: The lake's.
            project: Whose.
            clock: Its monotonic side says how long ago a file was dropped; after a restart that
                counts anew.
            grace: Microseconds that dropped files stay.
            term: Of the writer's lease.

        Raises:
            Unavailable: the store does not answer.
        """
        self._store = store
        self._cuts = SharedCut(store, project)
        self._clock = clock
        self._grace = grace
        self._term = term
        self._sequence = self._last_sequence()
        self._dropped_at: dict[str, float] = {}
        self._kept: set[str] = set()
        self._plans: set[str] = set()

    def _last_sequence(self) -> int:
        try:
            newest = self._cuts.newest()
        except Corrupt:
            return LOST_CUTS_MAX
        return 0 if newest is None else newest.sequence

    @property
    def sequence(self) -> int:
        """Sequence of the newest cut."""
        return self._sequence

    def next_sequence(self) -> int:
        """Number of the cut that is being prepared; files are named after it."""
        self._sequence += 1
        return self._sequence

    def write(self, kind: str, table: pa.Table) -> str | None:
        """Write `table` as `<kind>-<term>-<sequence>.arrow`; `None`, no file, if it is empty."""
        if table.num_rows == 0:
            return None
        name = f"{kind}-{self._term}-{self._sequence:012d}.arrow"
        self._write(name, table.schema, [table])
        return name

    def write_kept(self, digest: str, schema: pa.Schema, parts: Iterable[pa.Table]) -> str:
        """Write a file that many cuts will name; `forget` lets go of it."""
        name = f"kept-{self._term}-{digest}.arrow"
        self._kept.add(name)
        self._write(name, schema, parts)
        return name

    def _write(self, name: str, schema: pa.Schema, parts: Iterable[pa.Table]) -> None:
        sink = pa.BufferOutputStream()
        with ipc.new_file(sink, schema) as writer:
            for part in parts:
                writer.write_table(part)
        self._store.write(self._cuts.path(name), sink.getvalue().to_pybytes())

    def forget(self, names: Iterable[str]) -> None:
        """No later cut will name these kept files."""
        self._kept.difference_update(names)

    def write_plan(self, plan: Plan) -> str:
        """Write the list of data files of one snapshot; the same snapshot is written once."""
        data = msgspec.json.encode(plan)
        name = f"{PLAN_PREFIX}{plan.table}-{self._term}-{zlib.crc32(data):08x}-{len(data)}.json"
        if name not in self._plans:
            self._store.write(self._cuts.path(name), data)
            self._plans.add(name)
        return name

    def publish(self, cut: Cut) -> None:
        """Make `cut` what readers see.

        Raises:
            LeaseLost: another writer took over.
        """
        self._sequence = self._cuts.publish(msgspec.structs.replace(cut, term=self._term)).sequence

    def sweep(self, cut: Cut) -> None:
        """Remove files that neither `cut` nor a reader of an older one can need any more."""
        named = {*cut.plans.values(), *cut.tail_files(), *self._kept}
        now = self._clock.monotonic()
        before, self._dropped_at = self._dropped_at, {}
        for name in list(self._cuts.names()):
            if name in named:
                continue
            since = before.get(name, now)
            if now - since > self._grace / SECOND:
                self._store.delete(self._cuts.path(name))
                self._plans.discard(name)
            else:
                self._dropped_at[name] = since
