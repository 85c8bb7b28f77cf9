"""Which data files of a partition are worth rewriting together.

Every commit leaves a file in each day that its events fall on: 5,760 a day, each a millisecond of
every plan. A *run* is what one commit or one rewrite wrote: files that are sorted and hold disjoint
ranges. While rows still come to a day, runs of about the same size are merged once there are
`merge_runs` of them (size-tiered, as LSM trees do): with 8, a day of n commits has at most
7·log₈ n runs and each row is rewritten at most log₈ n times. Once the day is over, everything in it
becomes one run; stragglers wait until they are a sixteenth of it or `merge_runs` runs.

Source: O'Neil et al., The Log-Structured Merge-Tree (1996); size-tiered compaction of Cassandra.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec
from pyiceberg.manifest import DataFile

from footfall.clock import DAY
from footfall.lake.maintenance.rewrite import run_of

_STRAGGLERS: Final = 16

Partition = tuple[int | None, ...]


class Run(msgspec.Struct, frozen=True):
    """Files of one commit or rewrite, in one partition."""

    rows: int
    files: tuple[DataFile, ...]


class Compacted(msgspec.Struct, frozen=True):
    """What compaction did."""

    jobs: int = 0
    files_before: int = 0
    """Data files that were replaced …"""
    rows: int = 0
    """… and their rows."""

    def __add__(self, other: Compacted) -> Compacted:
        return Compacted(
            self.jobs + other.jobs,
            self.files_before + other.files_before,
            self.rows + other.rows,
        )


def by_partition(files: Sequence[DataFile]) -> dict[Partition, list[DataFile]]:
    """Files of each partition: those without a day, then the newest, which most queries read."""
    found: dict[Partition, list[DataFile]] = defaultdict(list)
    for file in files:
        found[tuple(file.partition[place] for place in range(len(file.partition)))].append(file)
    return dict(sorted(found.items(), key=lambda item: (not item[0], item[0]), reverse=True))


def runs_of(files: Sequence[DataFile]) -> list[Run]:
    """The runs of one partition, smallest first."""
    found: dict[str, list[DataFile]] = defaultdict(list)
    for file in files:
        found[run_of(file.file_path)].append(file)
    runs = [Run(sum(file.record_count for file in run), tuple(run)) for run in found.values()]
    return sorted(runs, key=lambda run: run.rows)


def is_over(partition: Partition, now_us: int, settled_after: int) -> bool:
    """Whether a day has ended at least `settled_after` microseconds ago."""
    (day,) = partition or (None,)
    return day is not None and now_us >= (day + 1) * DAY + settled_after


def due(runs: Sequence[Run], merge_runs: int, *, is_over: bool) -> list[Run]:
    """Runs to make one of, smallest first; empty if the partition is good as it is.

    Args:
        runs: All of the partition, smallest first.
        merge_runs: See the module's text; at least 2.
        is_over: No more rows are expected.
    """
    if is_over and len(runs) > 1:
        stragglers = sum(run.rows for run in runs[:-1])
        if len(runs) >= merge_runs or stragglers * _STRAGGLERS >= runs[-1].rows:
            return list(runs)
    merged: list[Run] = []
    for tier in _tiers(runs, merge_runs):
        # What a tier makes is of the next tier at least, and may make that one full at once.
        if len(tier) + bool(merged) >= merge_runs:
            merged += tier
        elif merged:
            break
    return merged


def _tiers(runs: Sequence[Run], base: int) -> list[list[Run]]:
    """Runs by the whole logarithm of their rows."""
    tiers: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        tier = 0
        while base ** (tier + 1) <= run.rows:
            tier += 1
        tiers[tier].append(run)
    return [tiers[tier] for tier in sorted(tiers)]
