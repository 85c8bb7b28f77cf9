"""Runs in files become fewer, beside everything else.

Which runs there are never shows in any answer, so they may be merged at any time: a thread writes
the new file while the old ones are used, and the index takes it at its next checkpoint. Files of
one hour only are merged, so that an hour is forgotten by dropping files. A merge goes through the
keys in slices and holds one in memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np

from footfall.duplicates import filter as _filter
from footfall.duplicates.filter import Probe
from footfall.duplicates.keys import Keys, sort_keys
from footfall.duplicates.runs import Run
from footfall.duplicates.runs_store import (
    RUN_SUFFIX,
    RunFile,
    keys_offset,
    map_run,
    new_file,
    temporary_of,
    write_filter,
)

RUNS_MIN: Final = 8
"""Runs of about one size in the newest hour before they are merged. Earlier hours: two."""

RUN_ROWS_MAX: Final = 16_000_000
"""Runs that together would be larger are not merged: 416 MB on disk, a second or two of work."""

SLICE_ROWS: Final = 500_000
"""Keys merged at once: about 40 MB of memory."""


class Merger:
    """At most one merge at a time, in a thread of its own."""

    def __init__(self, executor: Executor | None = None) -> None:
        """Nothing to do yet.

        Args:
            executor: Where merges run; without it, in a thread that is started when needed.
        """
        self._executor = executor
        self._sources: tuple[Run, ...] = ()
        self._name = ""
        self._merging: Future[Run] | None = None

    @property
    def in_use(self) -> frozenset[str]:
        """Files that it makes, or made."""
        if self._merging is None:
            return frozenset()
        return frozenset([self._name, temporary_of(Path(self._name)).name])

    def start(self, directory: Path, runs: Sequence[Run]) -> None:
        """Begin a merge if one is due and none is under way."""
        sources = choose(runs)
        if self._merging is not None or not sources:
            return
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="merge-ids")
        self._sources = sources
        self._name = merged_name(sources)
        self._merging = self._executor.submit(merge_files, directory, sources, self._name)

    def finish(self, runs: tuple[Run, ...], *, wait: bool = False) -> tuple[Run, ...]:
        """`runs` with the merged one in place of its sources, if it is there by now.

        A merge that failed (no room on disk, …) is forgotten: its sources are as good.
        """
        if self._merging is None or not (wait or self._merging.done()):
            return runs
        merging, self._merging = self._merging, None
        if isinstance(merging.exception(), OSError):
            return runs
        merged = merging.result()
        names = {run.file for run in self._sources}
        if not names <= {run.file for run in runs}:
            return runs  # meanwhile an hour was forgotten
        return (*(run for run in runs if run.file not in names), merged)


def choose(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Which runs to merge next: all of one hour, the smallest there; none if there are few."""
    newest = max((run.hour for run in runs), default=0)
    by_hour = sorted((run for run in runs if run.file), key=lambda run: (run.hour, len(run)))
    for hour, found in itertools.groupby(by_hour, key=lambda run: run.hour):
        chosen: list[Run] = []
        rows = 0
        for run in found:
            is_much_larger = hour == newest and len(chosen) > 1 and len(run) > 2 * rows
            if rows + len(run) > RUN_ROWS_MAX or is_much_larger:
                break
            chosen.append(run)
            rows += len(run)
        if len(chosen) >= (RUNS_MIN if hour == newest else 2):
            return tuple(chosen)
    return ()


def merged_name(runs: Sequence[Run]) -> str:
    """Follows from the names of the sources, so that a merge done again makes the same file."""
    names = "\n".join(sorted(str(run.file) for run in runs))
    return blake2b(names.encode(), digest_size=16).hexdigest() + RUN_SUFFIX


def merge_files(directory: Path, runs: Sequence[Run], name: str) -> Run:
    """Write runs of one hour as one file, durable when it returns."""
    rows = sum(map(len, runs))
    target = RunFile(
        name,
        rows,
        runs[0].hour,
        min(run.first_epoch for run in runs),
        max(run.last_epoch for run in runs),
    )
    if not (directory / name).exists():
        with new_file(directory / name) as stream:
            words = np.zeros((2, _filter.word_count(rows)), dtype=np.uint64)
            done = 0
            for columns in _slices(runs, rows):
                _filter.build(Probe.of(columns[0], columns[1]), rows, words)
                for number, column in enumerate(columns):
                    stream.seek(keys_offset(rows) + 8 * (number * rows + done))
                    stream.write(column.data)
                done += len(columns[0])
            stream.seek(0)
            write_filter(stream, rows, words)
    return map_run(directory, target)


def _slices(runs: Sequence[Run], rows: int) -> Iterator[tuple[Keys, Keys, Keys]]:
    """Merged keys in order, some at a time: those between two values of `primary`."""
    count = rows // SLICE_ROWS + 1
    starts = [0] * len(runs)
    for number in range(1, count + 1):
        if number == count:
            ends = [len(run) for run in runs]
        else:
            bound = np.uint64(number * 2**64 // count)
            ends = [int(np.searchsorted(run.primary, bound)) for run in runs]
        pieces = [slice(start, end) for start, end in zip(starts, ends, strict=True)]
        starts = ends
        primary, secondary, fingerprints = (
            np.concatenate(
                [getattr(run, name)[piece] for run, piece in zip(runs, pieces, strict=True)]
            )
            for name in ("primary", "secondary", "fingerprints")
        )
        order = sort_keys(primary, secondary)
        yield primary[order], secondary[order], fingerprints[order]
