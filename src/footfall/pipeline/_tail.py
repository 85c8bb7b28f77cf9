"""The tail: Arrow files of what is not in the lake yet, and the cut that names them.

A file is written once under a name of its own and named by cuts from then on; when no cut names it
any more it stays for `grace` (readers of an older cut may still use it), then goes. Everything here
can be made again from the log and the lake, so only the cut after an epoch is synced.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
from pyarrow import ipc

from footfall.clock import Clock
from footfall.lake.cut import Cut, Plan, publish, read_cut, write_atomically


class Tail:
    """Writer of one project's tail directory; one at a time."""

    def __init__(self, directory: Path, cut_file: Path, clock: Clock, grace: int) -> None:
        """Take over `directory`; `grace` in microseconds."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._cut_file = cut_file
        self._clock = clock
        self._grace = grace
        previous = read_cut(cut_file)
        self._sequence = 0 if previous is None else previous.sequence
        self._dropped_at: dict[str, int] = {}

    @property
    def sequence(self) -> int:
        """Sequence of the newest cut."""
        return self._sequence

    def next_sequence(self) -> int:
        """Number of the cut that is being prepared; files are named after it."""
        self._sequence += 1
        return self._sequence

    def write(self, kind: str, table: pa.Table) -> str | None:
        """Write `table` as `<kind>-<sequence>.arrow`; `None`, and no file, for an empty one."""
        if table.num_rows == 0:
            return None
        name = f"{kind}-{self._sequence:012d}.arrow"
        with ipc.new_file(self._directory / name, table.schema) as writer:
            writer.write_table(table)
        return name

    def write_plan(self, plan: Plan) -> str:
        """Write the list of data files of one snapshot; the same snapshot is written once."""
        name = f"plan-{plan.table}-{plan.snapshot_id or 0}.json"
        file = self._directory / name
        if not file.exists():
            write_atomically(file, msgspec.json.encode(plan), durable=True)
        return name

    def publish(self, cut: Cut, *, durable: bool) -> None:
        """Make `cut` what readers see. A durable one survives a power cut by itself."""
        publish(cut, self._cut_file, durable=durable)

    def sweep(self, cut: Cut) -> None:
        """Remove files that neither `cut` nor a reader of an older one can need any more."""
        named = _named(cut)
        now = self._clock.now_us()
        for file in self._directory.iterdir():
            name = file.name
            if (
                name in named
                or not name.endswith((".arrow", ".json"))
                or _is_shared(file, self._cut_file)
            ):
                self._dropped_at.pop(name, None)
            elif now - self._dropped_at.setdefault(name, now) > self._grace:
                file.unlink(missing_ok=True)
                del self._dropped_at[name]


def _is_shared(file: Path, cut_file: Path) -> bool:
    return file == cut_file or file.name.startswith((".", "live"))


def _named(cut: Cut) -> set[str]:
    named = {*cut.plans.values(), *cut.hot}
    for files in cut.tail.values():
        named.update(files)
    named.update(name for name in (cut.overrides, cut.removed) if name is not None)
    return named
