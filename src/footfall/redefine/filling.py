"""A definition's sessions of before the pipeline began with it, computed from the lake.

Theory of operation. The pipeline began at the end of epoch N, with the state that the definition
has after all events up to N (`states_for`). That state holds what ended at or after its *floor*,
and whole chains that reach it. All that ended before is written here, as of N: events of epochs up
to N are placed in order of event time, a slice at a time, by the definition's own functions. What
comes in order never touches what is closed, so a slice goes on from the few sessions that are open
at its start, and each session is written once.

    sessions of the state at N       written by the pipeline, in epochs above N
    all others as of N               written here, under epoch 0: no reader of an epoch meets them
    late events after N              wait for their repair until the past is whole (`Active`)

So the hand-over has neither a gap nor a session twice, whatever comes meanwhile.

A commit carries the rows and, as a property of the table, up to which time they are all there; the
state at that time was written to a file before. Whoever dies goes on from both; without the file,
slices are placed again and not written again. A commit conflicts with the pipeline's only in the
catalog, where the loser tries again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import polars as pl
import pyarrow as pa

from footfall.clock import DAY, Clock, SystemClock
from footfall.home import Home, make_directory, write_durably
from footfall.lake import EpochsUpTo, Lake, LakePlace
from footfall.machine.process import exclusive
from footfall.metadata import DefinitionNote, Metadata
from footfall.pipeline.epoch.epoch import named
from footfall.redefine.slices import PastEvents
from footfall.session import SESSION_SCHEMA
from footfall.sessionize import Definitions, SessionDefinition, SessionState
from footfall.settings import SessionSettings, Settings

COMMIT_ROWS: Final = 200_000
"""Sessions of a commit, about."""
COMMIT_SLICES: Final = 32
"""Slices after which it commits in any case: what a kill costs at most."""
_END: Final = 400 * DAY
"""Later than any window or gap after the last event."""
_TABLE: Final = "other_sessions"


class Filled(msgspec.Struct, frozen=True):
    """What a run did for one definition."""

    name: str
    version: int
    sessions: int
    """Written by this run."""
    events: int
    """Placed by this run."""
    is_whole: bool
    """Nothing is left."""


def fill(
    home: Home,
    settings: Settings,
    project: str,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[DefinitionNote, int, int], None] = lambda *_: None,
    clock: Clock | None = None,
) -> list[Filled]:
    """Compute the past of every definition that the pipeline began with; in a process of its own.

    Args:
        home: Where everything lies.
        settings: All of them.
        project: Which.
        should_stop: Asked between slices; the next run goes on.
        on_progress: Told of each definition how many events are done, and of how many.
        clock: For tests.

    Raises:
        Conflict: another process does so.
        Corrupt: a data file is damaged.
    """
    clock = clock or SystemClock()
    directory = home.state_dir(project) / "redefine"
    make_directory(directory)
    found = []
    with (
        exclusive(directory / "lock", "another process computes past sessions of this project"),
        contextlib.closing(Metadata.open(home, clock, settings.metadata)) as metadata,
        contextlib.closing(Lake(LakePlace.of(settings.lake, home.lake_dir), project)) as lake,
    ):
        for note in metadata.definitions.all(project):
            if note.is_filling:

                def told(done: int, total: int, note: DefinitionNote = note) -> None:
                    metadata.definitions.progress(project, note, done, total)
                    on_progress(note, done, total)

                one = _Fill(lake, note, directory, should_stop, told)
                found.append(one.run())
                if one.is_whole:
                    metadata.definitions.filled(project, note)
                    one.forget()
    return found


class _Fill:
    """One definition's."""

    def __init__(
        self,
        lake: Lake,
        note: DefinitionNote,
        directory: Path,
        should_stop: Callable[[], bool],
        told: Callable[[int, int], None],
    ) -> None:
        assert note.from_epoch is not None
        assert note.watermark is not None
        assert note.rules is not None
        self._lake = lake
        self._note = note
        self._directory = directory
        self._should_stop = should_stop
        self._told = told
        rules = msgspec.json.decode(note.rules, type=SessionSettings)
        whole = Definitions.of(rules)[note.key]
        # What is closed need not stay: nothing comes late.
        self._definition = Definitions.of(msgspec.structs.replace(rules, hot_age=0))[note.key]
        self._kept, before = _state_at(lake, whole, note.from_epoch, note.watermark)
        self._past = PastEvents(lake, note.from_epoch, before, self._definition.event_columns)
        self._before = before
        self._property = f"footfall.filled.{note.key}"
        self._written = self._lake.table(_TABLE).properties.get(self._property)
        self._rows: list[pa.Table] = []
        self._sessions = self._events = 0
        self.is_whole = self._written == "all"

    def run(self) -> Filled:
        if not self.is_whole:
            self._go()
        note = self._note
        return Filled(note.name, note.version, self._sessions, self._events, self.is_whole)

    def _go(self) -> None:
        written = None if self._written is None else int(self._written)
        known = None if written is None else self._read(written)
        state = known or SessionState.empty(self._definition.columns)
        total, done, slices = self._past.count(), self._note.events_done, 0
        if known is None:
            done = 0
        for piece in self._past.slices(written if known else None, written):
            state = self._placed(state, piece.events, piece.end)
            done, slices = done + piece.events.num_rows, slices + 1
            if written is not None and piece.end <= written:
                self._rows.clear()  # they are there; their state's file was not
                slices = 0
            elif slices >= COMMIT_SLICES or self._waiting >= COMMIT_ROWS:
                self._commit(str(piece.end), state)
                slices = 0
                self._told(done, max(total, done))
            if self._should_stop():
                return
        self._placed(state, None, self._before + _END)
        self._commit("all", None)
        self._told(done, done)
        self.is_whole = True

    def _placed(self, state: SessionState, events: pa.Table | None, end: int) -> SessionState:
        """The state at `end`; rows of what closed before it wait for their commit."""
        definition = self._definition
        if events is not None and events.num_rows:
            found = definition.sessionize(state, events)
            assert not found.state.has_pending, "events come in order"
            state = found.state
            self._events += events.num_rows
        while True:
            closed = definition.close(state, end, 0)
            state = closed.state
            if not closed.rows.num_rows:
                return state
            frame = pl.DataFrame(pl.from_arrow(closed.rows))
            rows = frame.with_row_index("row").join(self._kept, on="session_id", how="anti")
            self._rows.append(closed.rows.take(pa.array(rows["row"].sort().to_numpy())))

    @property
    def _waiting(self) -> int:
        return sum(rows.num_rows for rows in self._rows)

    def _commit(self, until: str, state: SessionState | None) -> None:
        rows = named(
            self._definition, pa.concat_tables([SESSION_SCHEMA.empty_table(), *self._rows])
        )
        if state is not None:
            write_durably(self._file(until), _as_bytes(state.to_arrow()))
        files = []
        if rows.num_rows:
            files = self._lake.write_files(_TABLE, rows, self._lake.new_id())
        self._lake.replace(_TABLE, (), files, {self._property: until})
        self._sessions += rows.num_rows
        self._rows.clear()
        for file in self._directory.glob(f"{self._note.key}-*.arrow"):
            if file != self._file(until):
                file.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove what only a next run would need."""
        for file in self._directory.glob(f"{self._note.key}-*.arrow"):
            file.unlink(missing_ok=True)

    def _file(self, until: str) -> Path:
        return self._directory / f"{self._note.key}-{until}.arrow"

    def _read(self, until: int) -> SessionState | None:
        """The state at that time, if its file is there and whole."""
        file = self._file(str(until))
        try:
            with pa.ipc.open_stream(file.read_bytes()) as stream:
                return SessionState.from_arrow(stream.read_all(), self._definition.columns)
        except (FileNotFoundError, pa.ArrowInvalid, ValueError):
            return None


def _as_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def _state_at(
    lake: Lake, definition: SessionDefinition, epoch: int, watermark: int
) -> tuple[pl.DataFrame, int]:
    """Ids of the sessions that the pipeline began with, and its floor.

    Raises:
        Corrupt: a data file is damaged.
    """
    with lake.locks.reading():
        past = EpochsUpTo(lake, epoch).of(
            definition.name, definition.version, definition.key, is_new=True
        )
        state = definition.remade(past, watermark)
    return state.frame().select("session_id"), state.floor
