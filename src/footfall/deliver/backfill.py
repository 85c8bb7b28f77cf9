"""Filling in: files of epochs that a destination has not got, beside the stream that runs.

Theory of operation. The stream's note says which epochs it never gives; a note of our own says
which of them were filled in, for each place. What is missing and was not filled in is worked off in
groups of epochs, each to its end before the next:

    1. *plan*: before each file is put, its name is noted; durable
       death: the files that are named are taken away, and the group begins again
    2. the file is put where it belongs
    3. with its last file, the note has the group among what is filled in, and no plan

Unlike those of a stream, rows of the past may change between two tries (folding, retention), so a
group is never gone on with from its middle. A stream never gives what is missing, so both together
write each record once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final

import msgspec

from footfall.deliver.epochs import Epochs
from footfall.deliver.making import Making
from footfall.deliver.notes import (
    FillNote,
    FillPlan,
    deliver_dir,
    read_filled,
    read_note,
    write_filled,
)
from footfall.deliver.outlet import Outlet, file_path, outlet_of, place_of
from footfall.deliver.past import Group, Past, past_rows
from footfall.deliver.source import (
    RequestSource,
    ResultSource,
    Source,
    TableSource,
    source_of,
)
from footfall.deliver.spans import Spans, count, union, within, without
from footfall.errors import Invalid
from footfall.home import Home
from footfall.lake import EpochRows, Lake, LakePlace
from footfall.log import LogSource
from footfall.machine.process import exclusive
from footfall.metadata import Metadata
from footfall.settings import DestinationSettings, Settings

PLACES_MAX: Final = 100


class Filled(msgspec.Struct, frozen=True):
    """What one run did."""

    place: str
    epochs: int = 0
    epochs_of: int = 0
    """How many there were to do."""
    files: int = 0
    records: int = 0
    requests_lost: int = 0
    """That the log does not have any more."""
    epochs_lost: int = 0
    """Of which nobody knows where their requests were in the log."""

    def __str__(self) -> str:
        done = f"{self.epochs:,} of {self.epochs_of:,} epochs"
        said = f"{done}, {self.files:,} files with {self.records:,} records in {self.place}"
        if self.requests_lost or self.epochs_lost:
            said += (
                f"; {self.requests_lost:,} requests, and those of {self.epochs_lost:,} epochs, are"
                " kept no more (log.keep_age_min)"
            )
        return said


class Backfill:
    """Fills in one destination; for one process at a time."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        project: str,
        name: str,
        destination: DestinationSettings,
        place: str = "",
    ) -> None:
        """Do nothing yet.

        Args:
            home: Of the installation.
            settings: All of them.
            project: Whose.
            name: Of the destination.
            destination: What it is now.
            place: Into another place: all that was committed, not what the stream leaves out.
        """
        self._home = home
        self._settings = settings
        self._project = project
        self._name = name
        self._destination = destination
        self._directory = deliver_dir(home, project)
        own = place_of(name, destination, home)
        self._place = place.rstrip("/") or own
        self._is_own = self._place == own
        self._outlet = outlet_of(self._place, settings)
        self._note = FillNote()
        self._done = Filled(self._place)

    def run(
        self,
        metadata: Metadata,
        from_us: int | None = None,
        to_us: int | None = None,
        tell: Callable[[Filled], None] = lambda _: None,
    ) -> Filled:
        """Write what is missing; what was written before is not written again.

        Args:
            metadata: Knows the epochs.
            from_us: Only epochs whose requests came from here on, microseconds.
            to_us: Only those whose requests came before.
            tell: Told after each group.

        Raises:
            Invalid: there is no note of the destination, or its source is none.
            Conflict: another process fills it in.
            Unavailable, OSError: a place or store is away; run it again, it goes on.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        where = LakePlace.of(self._settings.lake, self._home.lake_dir)
        busy = f"another process fills in {self._name}"
        with (
            exclusive(self._directory / f"to-{self._name}.filling.lock", busy),
            closing(Lake(where, self._project)) as lake,
            closing(self._source()) as source,
        ):
            self._note = read_filled(self._directory, self._name)
            self._take_back()
            self._check_places()
            rows = EpochRows(lake)
            past = Past(rows, metadata, self._project)
            spans = self._spans(past, source, from_us, to_us)
            self._done = Filled(self._place, epochs_of=count(spans))
            for group in self._groups(past, source, spans):
                self._fill(group, source, rows)
                tell(self._done)
            self._keep(spans)
        left = count(spans) - self._done.epochs
        if isinstance(source, RequestSource):
            return msgspec.structs.replace(self._done, epochs_lost=left)
        return msgspec.structs.replace(self._done, epochs=count(spans))  # the others have no rows

    def _check_places(self) -> None:
        known = self._note.filled
        if self._place not in known and len(known) >= PLACES_MAX:
            raise Invalid(
                f"{self._name} was filled into {PLACES_MAX} places, and no more are kept in mind;"
                " add another destination, and fill that in"
            )

    def _source(self) -> Source:
        log = LogSource.of(self._home, self._project, self._settings.log)
        return source_of(self._destination, self._settings, log, self._directory.parent)

    def _spans(self, past: Past, source: Source, from_us: int | None, to_us: int | None) -> Spans:
        """Epochs to do."""
        note = read_note(self._directory, self._name)
        if self._is_own and note is None:
            raise Invalid(
                f"no pipeline has seen {self._name} yet, so what it has not got is not known;"
                " start one with: footfall serve"
            )
        wanted: Spans = ((1, past.newest),)
        if self._is_own:
            assert note is not None
            wanted = note.missing
        if isinstance(source, ResultSource):
            wanted = within(wanted, 1, source.ripe_to())
        first, last = past.between(from_us, to_us)
        return without(within(wanted, first, last), self._note.filled.get(self._place, ()))

    def _groups(self, past: Past, source: Source, spans: Spans) -> Iterator[Group]:
        if isinstance(source, TableSource):
            return past.of_table(source.table, spans)
        return past.of_requests(spans)

    def _fill(self, group: Group, source: Source, rows: EpochRows) -> None:
        """One group, from its plan to its end."""
        making, part = Making(self._directory, self._destination), 0
        try:
            for chunk in source.chunks(past_rows(group, rows), 0, Epochs(group.last)):
                table = chunk.table
                while table.num_rows:
                    if not making.takes(table.schema):
                        making, part = self._next(making, group, part)
                    encoded = making.encode(table)
                    taken = encoded.rows_within(self._destination.buffer_bytes - making.bytes)
                    making.append(encoded, taken)
                    table = table.slice(taken)
                    if making.bytes >= self._destination.buffer_bytes:
                        making, part = self._next(making, group, part)
            self._put(making, group, part)
        finally:
            making.close()
        lost = 0
        if isinstance(source, RequestSource):
            lost, source.lost = source.lost, 0
        self._done = msgspec.structs.replace(
            self._done,
            epochs=self._done.epochs + group.last - group.first + 1,
            requests_lost=self._done.requests_lost + lost,
        )
        self._keep([(group.first, group.last)])

    def _next(self, making: Making, group: Group, part: int) -> tuple[Making, int]:
        self._put(making, group, part)
        making.close()
        return Making(self._directory, self._destination), part + 1

    def _put(self, making: Making, group: Group, part: int) -> None:
        if not making.records:
            return
        path = file_path(
            self._name,
            self._place,
            self._destination,
            group.came_at,
            group.first,
            group.last,
            part,
        )
        making.finish()
        before = () if self._note.plan is None else self._note.plan.paths
        self._write(plan=FillPlan(self._place, (*before, path)))
        self._outlet.put(path, making.file)
        self._done = msgspec.structs.replace(
            self._done,
            files=self._done.files + 1,
            records=self._done.records + making.records,
        )

    def _take_back(self) -> None:
        """Files of a group that was not done; it begins again."""
        plan = self._note.plan
        if plan is None:
            return
        outlet: Outlet = outlet_of(plan.place, self._settings)
        for path in plan.paths:
            outlet.remove(path)
        self._write(plan=None)

    def _keep(self, spans: Spans | list[tuple[int, int]]) -> None:
        """These are filled in."""
        filled = dict(self._note.filled)
        filled[self._place] = union(filled.get(self._place, ()), spans)
        self._note = msgspec.structs.replace(self._note, filled=filled)
        self._write(plan=None)

    def _write(self, plan: FillPlan | None) -> None:
        self._note = msgspec.structs.replace(self._note, plan=plan)
        write_filled(self._directory, self._name, self._note)
