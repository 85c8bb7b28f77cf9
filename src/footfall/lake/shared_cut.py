"""The cut beside the lake, in its store: any machine that reaches the bucket reads it.

Theory of operation. Files are written first, whole, under names of their writer's term; then the
cut that names them replaces the one before, by compare-and-swap. A writer looks at the cut that is
there: under a higher term than its own it stops; so one that lost the lease and does not know it
yet replaces nothing that came after it, however long it slept. One of a lower term is replaced, and
its sequence is passed.

Readers of other machines hold no lock here that anybody could see. The rule is time alone: what a
newer cut dropped stays for `lake.cut_grace`, by the writer's own clock that never goes back, and
that is longer than a statement may take (the settings are refused otherwise). A reader looks for
the newest cut at the start of each statement. Plan files stay as long, and maintenance removes no
data file that a plan file names. A reader that was stopped for longer finds a file missing, says
so, and looks again: it never gets a wrong answer.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from footfall.errors import Conflict, Corrupt, LeaseLost
from footfall.lake.cut import PLAN_PREFIX, Cut, Plan, decode_plan
from footfall.lake.store.store import Note, Store

_TRIES_MAX = 10


class SharedCut:
    """The cut of one project, and the files that it names."""

    def __init__(self, store: Store, project: str) -> None:
        """Ask nothing yet."""
        self._store = store
        self.directory = f"{store.root}/_cuts/{project}"
        self._file = self.path("cut.json")

    def path(self, name: str) -> str:
        """Where a file lies that a cut names."""
        return f"{self.directory}/{name}"

    def newest(self) -> Cut | None:
        """The newest cut, or `None` before the first.

        Raises:
            Corrupt: it is damaged; the next epoch replaces it.
            Unavailable: the store does not answer.
        """
        note = self._store.read_note(self._file)
        return None if note is None else self._decode(note)

    def names(self) -> Iterator[str]:
        """Every file beside the cut."""
        for listed in self._store.list(self.directory):
            name = listed.path.removeprefix(f"{self.directory}/")
            if not name.startswith("cut.json"):  # a directory's has a lock beside it
                yield name

    def publish(self, cut: Cut) -> Cut:
        """Replace the cut; what was published, whose sequence is higher than any before.

        Raises:
            LeaseLost: a writer of a higher term has published.
            Conflict: others publish under the same term without end.
        """
        for _ in range(_TRIES_MAX):
            note = self._store.read_note(self._file)
            before = self._before(note)
            if before is not None:
                if before == cut:
                    return cut  # the answer to an earlier try was lost
                self._check(before, cut)
                sequence = max(cut.sequence, before.sequence + 1)
                cut = msgspec.structs.replace(cut, sequence=sequence)
            try:
                tag = None if note is None else note.tag
                self._store.swap_note(self._file, msgspec.json.encode(cut), tag)
            except Conflict:
                continue
            return cut
        raise Conflict(f"others publish cuts of this project all the time; stop them: {self._file}")

    def _before(self, note: Note | None) -> Cut | None:
        try:
            return None if note is None else self._decode(note)
        except Corrupt:
            return None  # replaced

    def _check(self, before: Cut, cut: Cut) -> None:
        if before.term > cut.term:
            raise LeaseLost(
                "another pipeline has taken this project over; this one stops and publishes"
                f" nothing more: project={cut.project} term={cut.term} now={before.term}"
            )

    def _decode(self, note: Note) -> Cut:
        try:
            return msgspec.json.decode(note.data, type=Cut)
        except msgspec.DecodeError as error:
            raise Corrupt(
                f"cut is damaged; the next epoch replaces it: path={self._file}"
            ) from error

    def plan(self, name: str) -> Plan:
        """A plan file's plan.

        Raises:
            FileNotFoundError: it was removed; there is a newer cut.
            Corrupt: it is damaged.
        """
        return decode_plan(self._store.read(self.path(name)), self.path(name))

    def planned_files(self) -> set[str]:
        """Data files that any plan file names.

        Raises:
            Corrupt: a plan file is damaged.
        """
        named: set[str] = set()
        for name in list(self.names()):
            if name.startswith(PLAN_PREFIX):
                try:
                    named.update(self.plan(name).files)
                except FileNotFoundError:
                    continue
        return named
