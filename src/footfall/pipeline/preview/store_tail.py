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
from footfall.pipeline.preview.numbered import LOST_CUTS_MAX, NumberedFiles


class StoreTail(NumberedFiles):
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
        super().__init__(term, _last_sequence(self._cuts))
        self._clock = clock
        self._grace = grace
        self._dropped_at: dict[str, float] = {}
        self._plans: set[str] = set()

    def _write(self, name: str, schema: pa.Schema, parts: Iterable[pa.Table]) -> None:
        sink = pa.BufferOutputStream()
        with ipc.new_file(sink, schema) as writer:
            for part in parts:
                writer.write_table(part)
        self._store.write(self._cuts.path(name), sink.getvalue().to_pybytes())

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


def _last_sequence(cuts: SharedCut) -> int:
    """That of the newest cut; beyond every lost one's if it is damaged."""
    try:
        newest = cuts.newest()
    except Corrupt:
        return LOST_CUTS_MAX
    return 0 if newest is None else newest.sequence
