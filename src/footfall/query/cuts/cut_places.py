"""Where a cut lies: in the home of the pipeline, or beside the lake for readers of any machine."""

from __future__ import annotations

import contextlib
from typing import Protocol

import pyarrow as pa
from pyarrow import ipc

from footfall.home import Home
from footfall.lake.cut import Cut, HeldPlan, Plan, read_cut
from footfall.lake.shared_cut import SharedCut
from footfall.lake.store.options import Bucket
from footfall.lake.store.store import Store


class CutPlace(Protocol):
    """See the module's text."""

    where: str
    """For messages."""

    def newest(self) -> Cut | None:
        """The newest cut; none before the first. Raises `Corrupt`."""

    def plan(self, name: str, known: Plan | None, held: contextlib.ExitStack) -> Plan:
        """A plan whose data files stay until `held` closes.

        Raises:
            FileNotFoundError: it was removed; there is a newer cut.
        """

    def rows(self, name: str) -> pa.Table:
        """Rows of an Arrow file, which may vanish afterwards.

        Raises:
            FileNotFoundError: it was removed; there is a newer cut.
            pa.ArrowInvalid: it is damaged.
        """

    def path(self, name: str) -> str:
        """Where it lies, for messages."""


def cut_place(home: Home, project: str, bucket: Bucket | None) -> CutPlace:
    """The one that the settings name."""
    if bucket is not None and bucket.has_cuts:
        from footfall.lake.store.objects import ObjectStore

        return StoreCuts(ObjectStore(bucket.location, bucket.options), project)
    return HomeCuts(home, project)


class HomeCuts:
    """Files of this machine: mapped, and held by the kernel's locks."""

    def __init__(self, home: Home, project: str) -> None:
        """Read nothing yet."""
        self.where = f"project={project} home={home.root}"
        self._file = home.cut_file(project)
        self._directory = home.tail_dir(project)

    def newest(self) -> Cut | None:
        """See `CutPlace`."""
        return read_cut(self._file)

    def plan(self, name: str, known: Plan | None, held: contextlib.ExitStack) -> Plan:
        """Held by a lock until `held` closes."""
        plan = HeldPlan(self._directory / name)
        held.callback(plan.release)
        return plan.read() if known is None else known

    def rows(self, name: str) -> pa.Table:
        """Mapped: they stay readable when the file is removed."""
        with pa.memory_map(self.path(name)) as source:
            return ipc.open_file(source).read_all()

    def path(self, name: str) -> str:
        """See `CutPlace`."""
        return str(self._directory / name)


class StoreCuts:
    """Files of the lake's store: fetched once, kept by time (`footfall.lake.shared_cut`).

    In memory, for a confined worker writes no file: what the newest cut names and nothing else.
    """

    def __init__(self, store: Store, project: str) -> None:
        """Ask nothing yet."""
        self._store = store
        self._cuts = SharedCut(store, project)
        self.where = f"project={project} lake={store.root}"

    def newest(self) -> Cut | None:
        """See `CutPlace`."""
        return self._cuts.newest()

    def plan(self, name: str, known: Plan | None, held: contextlib.ExitStack) -> Plan:
        """Kept for `lake.cut_grace` after it is dropped, so nothing is held."""
        return self._cuts.plan(name) if known is None else known

    def rows(self, name: str) -> pa.Table:
        """In memory."""
        return ipc.open_file(pa.py_buffer(self._store.read(self.path(name)))).read_all()

    def path(self, name: str) -> str:
        """See `CutPlace`."""
        return self._cuts.path(name)
