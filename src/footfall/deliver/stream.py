"""One destination: which records are next, when its file is full, and how it is written.

Theory of operation. All records of a destination are in one order: by epoch, and within it in the
source's own. A *cursor* is a place in it. The note of the destination says up to which cursor
records are in files. One file follows the other:

    1. rows of epochs are appended to a file without a name until it is full or old enough
       death: they are read again
    2. *plan*: from which cursor to which, under which name; written durably
       death: the same rows are read again, nothing else
    3. the file is put where it belongs, whole and durable
       death: it is made and put again: the same file under the same name
    4. the note has the new cursor, and no plan

So no record is in two files and none is in no file, whatever dies and however often. A destination
that is away stops at 3; its epochs wait in the lake, their requests in the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from footfall.deliver.epochs import Epochs
from footfall.deliver.making import Making
from footfall.deliver.notes import (
    ERROR_CHARS_MAX,
    Cursor,
    Note,
    Plan,
    Shown,
    write_note,
    write_shown,
)
from footfall.deliver.outlet import Outlet, file_path
from footfall.deliver.source import Chunk, RequestSource, Source
from footfall.errors import FootfallError
from footfall.pipeline import CommittedEpoch, EpochLost
from footfall.positions import Positions
from footfall.settings import ConsumerSettings, DestinationSettings

STEPS_MAX: Final = 500
"""Epochs and files that one turn works on, so that each destination has its turns."""


class Stream:
    """Writes the files of one destination; for one thread."""

    def __init__(
        self,
        name: str,
        place: str,
        destination: DestinationSettings,
        source: Source,
        outlet: Outlet,
        note: Note,
        directory: Path,
        retry: ConsumerSettings,
    ) -> None:
        """Go on where `note` says.

        Args:
            name: Of the destination.
            place: Where its files go.
            destination: Its settings.
            source: Gives the rows of epochs.
            outlet: Puts files into the place.
            note: As it was written last; of one that is new with where it begins.
            directory: Where notes are, and the file that is being made.
            retry: How long it rests after an error.
        """
        self.name = name
        self.place = place
        self.destination = destination
        self.note = note
        self._source = source
        self._outlet = outlet
        self._directory = directory
        self._retry = retry
        self._start = self._next = note.cursor
        """Where the file that is being made starts, and what it has not got yet."""
        self._making: Making | None = None
        self._first = self._last = 0
        self._since = 0
        self._since_log = Positions()
        self._shown = Shown(place=place, source=destination.source, format=destination.format)
        write_shown(directory, name, self._shown)
        self._failures = 0
        self._retry_at = 0

    @property
    def needs_epoch(self) -> int:
        """First epoch that it still reads."""
        return self._start.epoch

    @property
    def needs_log(self) -> bool:
        """Whether it reads requests."""
        return self._source.needs_log

    def turn(self, epochs: Epochs, now: int, flush_to: Positions | None = None) -> None:
        """Do what can be done now.

        Args:
            epochs: Those that were given and that somebody needs.
            now: The pipeline's clock.
            flush_to: Somebody asks for files of all requests before it, whatever their age.
        """
        if now < self._retry_at:
            return
        try:
            for _ in range(STEPS_MAX):
                if not self._step(epochs, now, flush_to):
                    break
        except (FootfallError, OSError) as error:
            self._failed(error, now)
        else:
            self._failures = self._retry_at = 0
        self._show(epochs, now)

    def rest(self, epochs: Epochs, now: int, *, paused_at: int = 0, held: str = "") -> None:
        """Read and write nothing; what waits is kept as ever.

        A file that is closed and not written yet waits as well.

        Args:
            epochs: Those that were given and that somebody needs.
            now: The pipeline's clock.
            paused_at: Since when somebody wants it so.
            held: Why it cannot be written to, though its place may be there.
        """
        self._stop_making()
        self._failures = self._retry_at = 0
        self._show(epochs, now, paused_at, held)

    def close(self) -> None:
        """Let go of the file that is being made; it is made again."""
        self._let_go()
        self._source.close()

    def lose(self, last: int) -> None:
        """Epochs up to `last` are gone; what of them is in no file never will be."""
        if self._start.epoch > last:
            return
        plan, in_doubt = self.note.plan, None
        if plan is not None:
            is_there = self._is_there(plan)
            if is_there:
                self._take_as_put(plan, 0)
            in_doubt = plan if is_there is None else None
        lost = max(0, last + 1 - self._start.epoch)
        skipped = msgspec.structs.replace(self.note, plan=None).skipped_to(last + 1, in_doubt)
        self._write(msgspec.structs.replace(skipped, epochs_lost=self.note.epochs_lost + lost))
        self._begin_again()

    def _is_there(self, plan: Plan) -> bool | None:
        """Whether the planned file was put, and only the note of it is missing.

        None of a store that does not answer: it has been away for `consumers.keep_age_max`, so
        most likely not.
        """
        try:
            return self._outlet.has(plan.path)
        except (FootfallError, OSError):
            return None

    # One step

    def _step(self, epochs: Epochs, now: int, flush_to: Positions | None) -> bool:
        """Whether there is more to do."""
        plan = self.note.plan
        if plan is not None:
            if self._making is None and not self._make_again(plan, epochs):
                return False
            self._put(plan)
            return True
        epoch = epochs.get(self._next.epoch)
        if epoch is None or not self._is_ready(epoch, now):
            is_old = now - self._since >= self.destination.buffer_age
            return self._close_if(now, is_old or self._is_asked(epochs, flush_to))
        if epoch.planned_at - self._since >= self.destination.buffer_age and self._close_if(now):
            return True
        try:
            self._take(epoch, epochs, now)
        except EpochLost:
            self.lose(epoch.number)
        return True

    def _is_asked(self, epochs: Epochs, flush_to: Positions | None) -> bool:
        """Whether the file has what somebody asks for, and all of that has been committed."""
        if flush_to is None or epochs.log_to is None or not flush_to <= epochs.log_to:
            return False
        return not flush_to <= self._since_log

    def _is_ready(self, epoch: CommittedEpoch, now: int) -> bool:
        return self._source.is_ripe(epoch, now)

    def _take(self, epoch: CommittedEpoch, epochs: Epochs, now: int) -> None:
        """Append the epoch's rows, up to where the file is full."""
        limit = self.destination.buffer_bytes
        for chunk in self._source.chunks(epoch, self._next.row, epochs):
            if not chunk.table.num_rows:
                continue
            if self._making is not None and not self._making.takes(chunk.table.schema):
                self._close_if(now)
                return
            making = self._open()
            encoded = making.encode(chunk.table)
            taken = encoded.rows_within(limit - making.bytes)
            if not making.records:
                self._first, self._since = epoch.number, epoch.planned_at
                self._since_log = epoch.log_from
            making.append(encoded, taken)
            self._last = epoch.number
            self._next = Cursor(epoch.number, int(chunk.rows[taken - 1]) + 1, self._next.part)
            if making.bytes >= limit:
                self._close_if(now)
                return
        self._count_lost_requests()
        self._next = Cursor(epoch.number + 1)
        if self._making is None or not self._making.records:
            self._start = self._next

    def _open(self) -> Making:
        if self._making is None:
            self._making = Making(self._directory, self.destination)
        return self._making

    def _close_if(self, now: int, is_due: bool = True) -> bool:
        """Plan the file, if it has anything; whether it has."""
        making = self._making
        if making is None or not making.records or not is_due:
            return False
        start = self._start
        begins_within = start.part if start.epoch == self._first else 0
        path = file_path(
            self.name,
            self.place,
            self.destination,
            now,
            self._first,
            self._last,
            begins_within,
        )
        end = self._next
        if end.row:
            is_same = start.epoch == end.epoch
            end = Cursor(end.epoch, end.row, start.part + 1 if is_same else 1)
        plan = Plan(start, end, path, self.destination, now, making.records)
        self._write(msgspec.structs.replace(self.note, plan=plan))
        return True

    def _make_again(self, plan: Plan, epochs: Epochs) -> bool:
        """Make a planned file whose maker died; whether its epochs have been given yet."""
        last = plan.last
        if epochs.newest < last:
            return False
        making = self._making = Making(self._directory, plan.destination)
        for number in range(plan.start.epoch, last + 1):
            epoch = epochs.get(number)
            if epoch is None:
                continue
            try:
                for chunk in self._planned_chunks(plan, epoch, epochs):
                    encoded = making.encode(chunk.table)
                    making.append(encoded, chunk.table.num_rows)
            except EpochLost:
                self.lose(number)
                return False
        return True

    def _planned_chunks(self, plan: Plan, epoch: CommittedEpoch, epochs: Epochs) -> Iterator[Chunk]:
        row = plan.start.row if epoch.number == plan.start.epoch else 0
        for chunk in self._source.chunks(epoch, row, epochs):
            table, rows = chunk
            if epoch.number == plan.end.epoch:
                inside = int((rows < plan.end.row).sum())
                table, rows = table.slice(0, inside), rows[:inside]
            if table.num_rows:
                yield Chunk(table, rows)

    def _put(self, plan: Plan) -> None:
        making = self._making
        assert making is not None
        size = making.finish()
        if making.records:
            self._outlet.put(plan.path, making.file)
        self._take_as_put(plan, size)

    def _take_as_put(self, plan: Plan, size: int) -> None:
        """The planned file is where it belongs."""
        self._write(
            msgspec.structs.replace(
                self.note,
                cursor=plan.end,
                plan=None,
                files=self.note.files + 1,
                records=self.note.records + plan.records,
                bytes=self.note.bytes + size,
                last_path=plan.path,
                last_at=plan.closed_at,
            )
        )
        self._begin_again()

    def _begin_again(self) -> None:
        """Read on from where the note says."""
        self._let_go()
        self._start = self._next = self.note.cursor
        self._since = 0

    def _stop_making(self) -> None:
        """Read the file's rows again, later."""
        self._let_go()
        self._next, self._since = self._start, 0

    def _let_go(self) -> None:
        if self._making is not None:
            self._making.close()
            self._making = None

    # How it gets on

    def _count_lost_requests(self) -> None:
        source = self._source
        if isinstance(source, RequestSource) and source.lost:
            lost, source.lost = source.lost, 0
            self._write(
                msgspec.structs.replace(self.note, requests_lost=self.note.requests_lost + lost)
            )

    def _failed(self, error: Exception, now: int) -> None:
        """Rest; a file that is closed stays, one that is being made is begun again."""
        if self.note.plan is None:
            self._stop_making()
        self._failures += 1
        pause = min(self._retry.retry_min * 2 ** min(self._failures - 1, 32), self._retry.retry_max)
        self._retry_at = now + pause
        self._shown = msgspec.structs.replace(
            self._shown,
            error=" ".join(str(error).split())[:ERROR_CHARS_MAX] or type(error).__name__,
            failed_at=now,
        )

    def _show(self, epochs: Epochs, now: int, paused_at: int = 0, held: str = "") -> None:
        first = self.needs_epoch
        oldest = epochs.get(first)
        reached = epochs.log_to if oldest is None else oldest.log_from
        newest = epochs.log_to
        making = self._making
        waits = self._waiting_since(epochs)
        shown = msgspec.structs.replace(
            self._shown,
            backlog_epochs=max(0, epochs.newest + 1 - first),
            backlog_requests=0
            if newest is None or reached is None
            else newest.total - reached.total,
            waiting_since=waits,
            keep_age_max=self._retry.keep_age_max,
            open_records=0 if making is None else making.records,
            open_bytes=0 if making is None else making.bytes,
            delivered_to=reached or self._shown.delivered_to,
            failures=self._failures,
            error=self._shown.error if self._failures else "",
            retry_at=self._retry_at,
            paused_at=paused_at,
            held=held,
        )
        if shown != self._shown:
            self._shown = shown
            write_shown(self._directory, self.name, msgspec.structs.replace(shown, at=now))

    def _waiting_since(self, epochs: Epochs) -> int:
        if self._since:
            return self._since
        oldest = epochs.get(self.needs_epoch)
        return 0 if oldest is None else oldest.planned_at

    def _write(self, note: Note) -> None:
        write_note(self._directory, self.name, note)
        self.note = note
